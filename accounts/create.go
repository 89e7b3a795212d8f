package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"liaison/access"
	"liaison/professions"
	"liaison/storage"
)

// create makes the person, her account and her invitation in the caller's transaction.
func (s *Service) create(ctx context.Context, q storage.Querier, actor access.Actor, a NewAccount) (Created, error) {
	a, err := cleaned(a)
	if err != nil {
		return Created{}, err
	}
	isNew, err := insertPerson(ctx, q, a, s.now())
	if err != nil {
		return Created{}, err
	}
	created := Created{Professional: a.Professional}
	waiting := true
	if !isNew {
		if waiting, err = sameAccount(ctx, q, a); err != nil || !waiting {
			return created, err
		}
	}
	inv, err := s.invite(ctx, q, actor, a.ID, ForInvite)
	if err != nil {
		return Created{}, err
	}
	created.Invitation = &inv
	return created, journal(ctx, q, actor.Line("account.create", a.ID))
}

// insertPerson answers false when the id is taken already.
func insertPerson(ctx context.Context, q storage.Querier, a NewAccount, at time.Time) (bool, error) {
	tag, err := q.Exec(ctx, `insert into professionals
			(id, family_name, given_name, gender, title, profession_system, profession_code, town, name_key, created_at, speciality)
		values ($1, $2, $3, $4, nullif($5, ''), $6, $7, nullif($8, ''), $9, $10, nullif($11, '')) on conflict (id) do nothing`,
		a.ID, a.FamilyName, a.GivenName, a.Gender, a.Title, a.Profession.System, a.Profession.Code, a.Town,
		nameKey(a.FamilyName, a.GivenName), at, a.Speciality)
	if err != nil {
		return false, fmt.Errorf("insert professional: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return false, nil
	}
	_, err = q.Exec(ctx, "insert into accounts (person_id, administrator, created_at) values ($1, $2, $3)", a.ID, a.Administrator, at)
	if err != nil {
		return false, fmt.Errorf("insert account: %w", err)
	}
	return true, insertWorkplaces(ctx, q, a)
}

func insertWorkplaces(ctx context.Context, q storage.Querier, a NewAccount) error {
	for _, w := range a.Workplaces {
		_, err := q.Exec(ctx, "insert into workplaces (id, professional_id, name, town) values ($1, $2, $3, nullif($4, ''))",
			w.ID, a.ID, w.Name, w.Town)
		if _, taken := storage.IsUnique(err); taken {
			return ErrIDConflict
		}
		if err != nil {
			return fmt.Errorf("insert workplace: %w", err)
		}
	}
	return nil
}

// sameAccount compares a replay with what is there, and says whether its invitation still waits to be used.
func sameAccount(ctx context.Context, q storage.Querier, a NewAccount) (waiting bool, err error) {
	var there NewAccount
	row := q.QueryRow(ctx, "select "+professionalColumns+`, a.administrator, a.login is null
		from professionals p join accounts a on a.person_id = p.id where p.id = $1 for update of a`, a.ID)
	err = row.Scan(append(there.fields(), &there.Administrator, &waiting)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, ErrIDConflict
	}
	if err != nil {
		return false, fmt.Errorf("compare account: %w", err)
	}
	if there.Professional != a.Professional || there.Administrator != a.Administrator {
		return false, ErrIDConflict
	}
	return waiting, nil
}

// cleaned gives the account as it is kept, or the first field that cannot be.
func cleaned(a NewAccount) (NewAccount, error) {
	if a.ID == uuid.Nil {
		return a, ErrInvalid{"id"}
	}
	if a.Gender != "F" && a.Gender != "M" {
		return a, ErrInvalid{"gender"}
	}
	if p, known := professions.Find(a.Profession.System, a.Profession.Code); !known || p.Retired() {
		return a, ErrInvalid{"profession"}
	}
	if !fits(a.Speciality, a.Profession) {
		return a, ErrInvalid{"speciality"}
	}
	for _, f := range []struct {
		name     string
		value    *string
		longest  int
		required bool
	}{
		{"family_name", &a.FamilyName, 100, true},
		{"given_name", &a.GivenName, 100, true},
		{"title", &a.Title, 20, false},
		{"town", &a.Town, 100, false},
	} {
		clean, ok := cleanWords(*f.value, f.longest)
		if !ok || (f.required && foldName(clean) == "") {
			return a, ErrInvalid{f.name}
		}
		*f.value = clean
	}
	return withCleanWorkplaces(a)
}

func withCleanWorkplaces(a NewAccount) (NewAccount, error) {
	places := make([]Workplace, len(a.Workplaces))
	for i, w := range a.Workplaces {
		name, nameOK := cleanWords(w.Name, 200)
		town, townOK := cleanWords(w.Town, 100)
		if w.ID == uuid.Nil || name == "" || !nameOK || !townOK {
			return a, ErrInvalid{"workplaces"}
		}
		places[i] = Workplace{ID: w.ID, Name: name, Town: town}
	}
	a.Workplaces = places
	return a, nil
}

// cleanWords composes accents and spaces; what is invisible or turns the direction of the text is refused.
func cleanWords(text string, longest int) (string, bool) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, forbidden) {
		return "", false
	}
	clean := strings.Join(strings.Fields(norm.NFC.String(text)), " ")
	return clean, utf8.RuneCountInString(clean) <= longest
}

func forbidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
}
