package teams

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// Patient is the person cared for, as the members of the circle see her.
type Patient struct {
	ID             uuid.UUID   `json:"id"`
	BirthName      string      `json:"birth_name"`
	UsedName       *string     `json:"used_name"`
	GivenNames     string      `json:"given_names"`
	Sex            string      `json:"sex" enum:"F,M,U"`
	BirthDate      string      `json:"birth_date" format:"date"`
	BirthPlace     *string     `json:"birth_place"`
	BirthPlaceCode *string     `json:"birth_place_code"`
	IdentityStatus string      `json:"identity_status" enum:"PROV,RECUP,VALI,QUAL"`
	INS            *INS        `json:"ins"`
	Address        *string     `json:"address"`
	Town           *string     `json:"town"`
	DoorCode       *string     `json:"door_code"`
	Telephones     []Telephone `json:"telephones"`
	Carers         []Carer     `json:"carers"`
	// Information is how the patient was told of the sharing; null once that fact is withdrawn.
	Information *Given    `json:"information"`
	Homonyms    []Homonym `json:"homonyms"`
}

// INS is the national identity of a qualified patient.
type INS struct {
	Matricule string `json:"matricule"`
	OID       string `json:"oid"`
}

// Given is an information given to the patient.
type Given struct {
	GivenBy string    `json:"given_by"`
	GivenAt time.Time `json:"given_at"`
}

// Homonym is another patient of the viewer's who could be taken for this one.
type Homonym struct {
	TeamID    uuid.UUID `json:"team_id"`
	Name      string    `json:"name"`
	BirthDate string    `json:"birth_date" format:"date"`
}

// dossier is a patient's row.
type dossier struct {
	ID    uuid.UUID
	Space uuid.UUID
	Identity
	named
	GivenBy *string
	GivenAt *time.Time
}

const dossierColumns = `p.id, p.space_id, p.birth_name, coalesce(p.used_name, ''), p.given_names, p.sex, to_char(p.birth_date, 'YYYY-MM-DD'),
	coalesce(p.birth_place, ''), coalesce(p.birth_place_code, ''), p.identity_status, coalesce(p.ins_matricule, ''), coalesce(p.ins_oid, ''),
	coalesce(p.address, ''), coalesce(p.town, ''), coalesce(p.door_code, ''), p.telephones, p.carers,
	p.birth_name_key, p.used_name_key, p.given_names_key, i.given_by, i.given_at`

// dossierFrom joins the newest information that was not withdrawn.
const dossierFrom = ` from patients p left join lateral (select w.given_by, w.given_at from wills w
	where w.space_id = p.space_id and w.kind = 'information' and w.withdraws is null
	and not exists (select from wills x where x.space_id = w.space_id and x.withdraws = w.id) order by w.recorded_at desc, w.id desc limit 1) i on true `

func scanDossier(r pgx.CollectableRow) (dossier, error) {
	var d dossier
	err := r.Scan(&d.ID, &d.Space, &d.BirthName, &d.UsedName, &d.GivenNames, &d.Sex, &d.BirthDate,
		&d.BirthPlace, &d.BirthPlaceCode, &d.IdentityStatus, &d.INSMatricule, &d.INSOID,
		&d.Address, &d.Town, &d.DoorCode, &d.Telephones, &d.Carers,
		&d.birth, &d.used, &d.given, &d.GivenBy, &d.GivenAt)
	d.sex, d.born = d.Sex, d.BirthDate
	return d, err
}

// dossierOf reads the patient of the grant's circle.
func dossierOf(ctx context.Context, g access.Grant) (dossier, error) {
	rows, err := g.Tx().Query(ctx, "select "+dossierColumns+dossierFrom+"where p.space_id = $1", g.Space())
	if err != nil {
		return dossier{}, fmt.Errorf("read patient: %w", err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDossier)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, access.ErrNotFound
	}
	if err != nil {
		return d, fmt.Errorf("read patient: %w", err)
	}
	return d, nil
}

// dossiersOf reads the patients of these circles, by their names: all, or those born on a day.
func dossiersOf(ctx context.Context, sc access.Scope, circles []uuid.UUID, born string) ([]dossier, error) {
	if len(circles) == 0 {
		return nil, nil
	}
	rows, err := sc.Tx().Query(ctx, "select "+dossierColumns+dossierFrom+`where p.space_id = any ($1) and ($2 = '' or p.birth_date = nullif($2, '')::date)
		order by coalesce(nullif(p.used_name_key, ''), p.birth_name_key), p.given_names_key, p.id`, circles, born)
	if err != nil {
		return nil, fmt.Errorf("read patients: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanDossier)
	if err != nil {
		return nil, fmt.Errorf("read patients: %w", err)
	}
	return list, nil
}

func (d dossier) patient() Patient {
	p := Patient{
		ID: d.ID, BirthName: d.BirthName, UsedName: storage.OrNull(d.UsedName), GivenNames: d.GivenNames, Sex: d.Sex, BirthDate: d.BirthDate,
		BirthPlace: storage.OrNull(d.BirthPlace), BirthPlaceCode: storage.OrNull(d.BirthPlaceCode), IdentityStatus: d.IdentityStatus,
		Address: storage.OrNull(d.Address), Town: storage.OrNull(d.Town), DoorCode: storage.OrNull(d.DoorCode),
		Telephones: orEmpty(d.Telephones), Carers: orEmpty(d.Carers), Homonyms: []Homonym{},
	}
	if d.IdentityStatus == Qualified && d.INSMatricule != "" {
		p.INS = &INS{d.INSMatricule, d.INSOID}
	}
	if d.GivenAt != nil {
		p.Information = &Given{GivenAt: d.GivenAt.UTC()}
		if d.GivenBy != nil {
			p.Information.GivenBy = *d.GivenBy
		}
	}
	return p
}

// ShownName is how the patient is named in one line: « MARCILLAC Odette ».
func (p Patient) ShownName() string {
	used := ""
	if p.UsedName != nil {
		used = *p.UsedName
	}
	return shownName(p.BirthName, used, p.GivenNames)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
