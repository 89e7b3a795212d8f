package teams

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/events"
	"liaison/professions"
	"liaison/storage/storagetest"
	"liaison/vault"
)

// world is an instance with one person of each of several professions and no dossier.
type world struct {
	*Service
	t     *testing.T
	test  *storagetest.DB
	keys  *keyring
	owner *pgx.Conn

	gp, gp2, nurse, nurse2, pharmacist, physio, social, help, coordinator, driver access.Actor
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, test: storagetest.New(t)}
	kept, err := vault.Open(t.Context(), w.test.KeysURL, filepath.Join(t.TempDir(), "master.key"))
	w.ok(err)
	t.Cleanup(kept.Close)
	w.keys = &keyring{Vault: kept}
	gate := access.NewGate(w.test.DB, events.NewMemory())
	w.ok(gate.PublishDefault(t.Context()))
	w.owner, err = pgx.Connect(t.Context(), w.test.OwnerURL)
	w.ok(err)
	t.Cleanup(func() { _ = w.owner.Close(context.Background()) })
	w.Service, err = New(gate, w.test.DB, w.keys, directory{w.test}, []byte("0123456789abcdef0123456789abcdef"))
	w.ok(err)
	w.gp = w.hire("Hélène", "Baudry", "TRE_G15", "10")
	w.gp2 = w.hire("Paul", "Mercier", "TRE_G15", "10")
	w.nurse = w.hire("Nadia", "Ferhat", "TRE_G15", "60")
	w.nurse2 = w.hire("Luc", "Morel", "TRE_G15", "60")
	w.pharmacist = w.hire("Anne", "Roche", "TRE_G15", "21")
	w.physio = w.hire("Marc", "Vidal", "TRE_G15", "70")
	w.social = w.hire("Inès", "Pons", "TRE_R94", "41")
	w.help = w.hire("Rosa", "Lima", "TRE_R85", "372")
	w.coordinator = w.hire("Claire", "Denis", "TRE_R85", "330")
	w.driver = w.hire("Igor", "Petit", "TRE_R85", "303") // no row in the matrix
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Fatalf("got %v, want %v", err, want)
	}
}

func (w *world) invalid(err error, field, code string, what ...string) {
	w.t.Helper()
	var bad *Invalid
	if !errors.As(err, &bad) || bad.Field != field || bad.Code != code {
		w.t.Errorf("%s: got %v, want %s: %s", what, err, field, code)
	}
}

func (w *world) hire(given, family, system, code string) access.Actor {
	w.t.Helper()
	id := newID()
	w.exec(`insert into professionals (id, family_name, given_name, gender, profession_system, profession_code, name_key)
		values ($1, $2, $3, 'F', $4, $5, lower($2))`, id, family, given, system, code)
	w.exec("insert into accounts (person_id) values ($1)", id)
	return access.Actor{Person: id, Session: newID(), Address: "192.0.2.0"}
}

// exec and count look from outside row-level security.
func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.owner.Exec(w.t.Context(), sql, args...)
	w.ok(err)
}

func (w *world) count(sql string, args ...any) (n int) {
	w.t.Helper()
	w.ok(w.owner.QueryRow(w.t.Context(), sql, args...).Scan(&n))
	return n
}

// journalled counts the lines of a verb, an outcome and an actor.
func (w *world) journalled(actor access.Actor, verb, outcome string) int {
	w.t.Helper()
	return w.count("select count(*) from audit_lines where actor = $1 and verb = $2 and outcome = $3", actor.Person, verb, outcome)
}

func marcillac() OpenRequest {
	return OpenRequest{
		ID: newID(),
		Identity: Identity{
			BirthName: "Dufour", UsedName: "Marcillac", GivenNames: "Odette Marie", Sex: "F", BirthDate: "1939-03-12", Town: "Brévigny-sur-Orselle",
			Telephones: []Telephone{{"domicile", "06 39 98 12 34"}}, Carers: []Carer{{"Sylvie Marcillac", "fille", "+33 6 39 98 00 11"}},
		},
		Information: Information{GivenBy: "Dr Hélène Baudry", GivenAt: time.Now().Add(-time.Hour)},
	}
}

func patient(family, given, born string) OpenRequest {
	r := marcillac()
	r.Identity = Identity{BirthName: family, GivenNames: given, Sex: "F", BirthDate: born}
	return r
}

func (w *world) open(actor access.Actor, req OpenRequest) Opened {
	w.t.Helper()
	opened, created, err := w.Open(w.t.Context(), actor, req)
	w.ok(err)
	if !created {
		w.t.Fatal("opened before")
	}
	return opened
}

// circle opens a dossier by the physician as médecin traitant, with these people as intervenants.
func (w *world) circle(members ...access.Actor) uuid.UUID {
	w.t.Helper()
	req := marcillac()
	req.Seat = access.SeatMedecinTraitant
	team := w.open(w.gp, req).TeamID
	for _, m := range members {
		w.add(w.gp, team, m, access.SeatIntervenant)
	}
	return team
}

func placeFor(person access.Actor, seat string) NewMember {
	return NewMember{ID: newID(), ProfessionalID: person.Person, Seat: seat, Basis: "care_team_2"}
}

func (w *world) add(by access.Actor, team uuid.UUID, person access.Actor, seat string) Member {
	w.t.Helper()
	m, created, err := w.AddMember(w.t.Context(), by, team, placeFor(person, seat))
	w.ok(err)
	if !created {
		w.t.Fatal("was a member before")
	}
	return m
}

func (w *world) get(actor access.Actor, team uuid.UUID) Team {
	w.t.Helper()
	got, err := w.Get(w.t.Context(), actor, team)
	w.ok(err)
	return got
}

func (w *world) will(by access.Actor, team uuid.UUID, req NewWill) Will {
	w.t.Helper()
	req.ID = newID()
	will, created, err := w.RecordWill(w.t.Context(), by, team, req)
	w.ok(err)
	if !created {
		w.t.Fatal("recorded before")
	}
	return will
}

func (w *world) audience(actor access.Actor, team uuid.UUID, q AudienceQuery) Audience {
	w.t.Helper()
	a, err := w.Audience(w.t.Context(), actor, team, q)
	w.ok(err)
	return a
}

func (a Audience) reads(who access.Actor) bool {
	return slices.ContainsFunc(a.VisibleTo, func(r Reader) bool { return r.Professional.ID == who.Person })
}

func (a Audience) reason(who access.Actor) access.Reason {
	for _, n := range a.HiddenFrom {
		if n.Professional.ID == who.Person {
			return n.Reason.Code
		}
	}
	return ""
}

func (t Team) member(who access.Actor) *Member {
	for i := range t.Members {
		if t.Members[i].Professional.ID == who.Person {
			return &t.Members[i]
		}
	}
	return nil
}

func ptr[T any](v T) *T { return &v }

// directory shows people as accounts would.
type directory struct{ test *storagetest.DB }

func (d directory) Persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error) {
	rows, err := d.test.DB.Pool.Query(ctx, `select id, family_name, given_name, gender, title, profession_system, profession_code, town
		from professionals where id = any ($1)`, ids)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (professions.Person, error) {
		var id uuid.UUID
		var family, given, gender, system, code string
		var title, town *string
		err := r.Scan(&id, &family, &given, &gender, &title, &system, &code, &town)
		return professions.NewPerson(id, family, given, gender, title, system, code, town), err
	})
	out := map[uuid.UUID]professions.Person{}
	for _, p := range list {
		out[p.ID] = p
	}
	return out, err
}

// keyring remembers which spaces were given a key.
type keyring struct {
	*vault.Vault
	mu   sync.Mutex
	made []uuid.UUID
	fail error
}

func (k *keyring) Create(ctx context.Context, space uuid.UUID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		return k.fail
	}
	if !slices.Contains(k.made, space) {
		k.made = append(k.made, space)
	}
	return k.Vault.Create(ctx, space)
}
