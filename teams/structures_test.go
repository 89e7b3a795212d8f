package teams

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

// administrator hires somebody who administers.
func (w *world) administrator() access.Actor {
	w.t.Helper()
	admin := w.hire("Anne", "Berthelin", "TRE_R85", "303")
	w.exec("update accounts set administrator = true where person_id = $1", admin.Person)
	return admin
}

func ssiad() NewStructure {
	return NewStructure{newID(), StructureFields{Kind: "ssiad", Name: "SSIAD du Val d’Orselle", Town: "Brévigny-sur-Orselle"}}
}

func (w *world) make(admin access.Actor, req NewStructure) uuid.UUID {
	w.t.Helper()
	_, created, err := w.MakeStructure(w.t.Context(), admin, req)
	w.ok(err)
	if !created {
		w.t.Error("a new structure was not created")
	}
	return req.ID
}

func (w *world) join(admin access.Actor, structure uuid.UUID, who access.Actor) Belonging {
	w.t.Helper()
	b, created, err := w.JoinStructure(w.t.Context(), admin, structure, NewBelonging{ID: newID(), ProfessionalID: who.Person})
	w.ok(err)
	if !created {
		w.t.Error("worked there before")
	}
	return b
}

func structureAt(structure uuid.UUID, seat string) NewStructurePlace {
	return NewStructurePlace{ID: newID(), StructureID: structure, Seat: seat, Basis: "care_team_1"}
}

func (w *world) seatStructure(by access.Actor, team, structure uuid.UUID) StructurePlace {
	w.t.Helper()
	p, created, err := w.AddStructure(w.t.Context(), by, team, structureAt(structure, access.SeatIntervenant))
	w.ok(err)
	if !created {
		w.t.Error("had a place before")
	}
	return p
}

func (w *world) isOut(who access.Actor, team uuid.UUID) {
	w.t.Helper()
	_, err := w.Get(w.t.Context(), who, team)
	w.refused(err, access.ErrNotFound)
}

func TestWhoWorksInAStructureActsThroughItsPlaces(t *testing.T) {
	w := newWorld(t)
	admin, team := w.administrator(), w.circle(w.physio)
	structure := w.make(admin, ssiad())
	w.join(admin, structure, w.nurse)
	w.isOut(w.nurse, team)
	w.seatStructure(w.gp, team, structure)
	late := w.join(admin, structure, w.nurse2) // into a structure that has a place
	for _, nurse := range []access.Actor{w.nurse, w.nurse2} {
		m := w.get(nurse, team).member(nurse)
		if m == nil || len(m.Through) != 1 || m.Through[0] != (Through{access.ThroughStructure, structure, "SSIAD du Val d’Orselle"}) || len(m.Reads) != 9 {
			t.Fatalf("shown as %+v", m)
		}
		if n := w.count("select count(*) from audit_lines where actor = $1 and verb = 'team.read' and detail->'acting_for' ? $2", nurse.Person, structure.String()); n != 1 {
			t.Errorf("%d lines name the structure", n)
		}
	}
	got := w.get(w.gp, team)
	if len(got.Structures) != 1 || got.Structures[0].Structure.ID != structure || got.Structures[0].Seat != access.SeatIntervenant {
		t.Errorf("structures %+v", got.Structures)
	}
	before := w.audience(w.gp, team, AudienceQuery{Category: "nursing"})
	if !before.reads(w.nurse) || !before.reads(w.nurse2) {
		t.Error("the audience does not name who reads through the structure")
	}
	w.ok(w.LeaveStructure(t.Context(), admin, structure, late.ID, nil))
	w.isOut(w.nurse2, team)
	w.get(w.nurse, team)
	w.ok(w.EndStructure(t.Context(), w.gp, team, structure))
	w.isOut(w.nurse, team)
	w.ok(w.EndStructure(t.Context(), w.gp, team, structure))
}

// A departure reaches every circle of the structure before it is answered, however many, and no other place of whoever leaves.
func TestALeaverIsOutOfEveryCircleOfTheStructureAndOfNoOther(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator()
	structure, other := w.make(admin, ssiad()), w.make(admin, ssiad())
	own := w.circle(w.nurse)
	for day := range 23 {
		w.seatStructure(w.gp, w.another(day), structure)
	}
	elsewhere := w.another(40)
	w.seatStructure(w.gp, elsewhere, other)
	standing := func(who access.Actor) int {
		return w.count("select count(distinct space_id) from standings where person_id = $1 and valid_until > clock_timestamp()", who.Person)
	}
	b := w.join(admin, structure, w.nurse)
	w.join(admin, structure, w.nurse2)
	w.join(admin, other, w.nurse)
	if n, m := standing(w.nurse), standing(w.nurse2); n != 25 || m != 23 {
		t.Fatalf("%d and %d circles followed", n, m)
	}
	w.ok(w.LeaveStructure(t.Context(), admin, structure, b.ID, nil))
	if n, m := standing(w.nurse), standing(w.nurse2); n != 2 || m != 23 {
		t.Errorf("she stands in %d circles, her colleague in %d", n, m)
	}
	w.get(w.nurse, own)
	w.get(w.nurse, elsewhere)
	w.ok(w.LeaveStructure(t.Context(), admin, structure, b.ID, nil))
	if w.journalled(admin, "structure.join", "done") != 3 || w.journalled(admin, "structure.leave", "done") != 1 || w.journalled(admin, "structure.add", "done") != 2 {
		t.Error("the journal does not have a line for each change")
	}
}

// A time in a structure that ends by date, brought forward, and one that is to begin.
func TestTimesInAStructureAreDated(t *testing.T) {
	w := newWorld(t)
	admin, team := w.administrator(), w.circle()
	structure := w.make(admin, ssiad())
	w.seatStructure(w.gp, team, structure)
	soon := time.Now().Add(48 * time.Hour)
	b, _, err := w.JoinStructure(t.Context(), admin, structure, NewBelonging{ID: newID(), ProfessionalID: w.nurse.Person, Until: &soon})
	w.ok(err)
	_, _, err = w.JoinStructure(t.Context(), admin, structure, NewBelonging{ID: newID(), ProfessionalID: w.help.Person, From: &soon})
	w.ok(err)
	w.isOut(w.help, team)
	w.invalid(w.LeaveStructure(t.Context(), admin, structure, b.ID, ptr(soon.Add(time.Hour))), "until", "structure_until")
	earlier := time.Now().Add(24 * time.Hour)
	w.ok(w.LeaveStructure(t.Context(), admin, structure, b.ID, &earlier))
	if m := w.get(w.nurse, team).member(w.nurse); m.Until == nil || !m.Until.Equal(moment(earlier)) {
		t.Errorf("until %v", m.Until)
	}
	w.ok(w.LeaveStructure(t.Context(), admin, structure, b.ID, nil))
	w.isOut(w.nurse, team)
	detail, err := w.AdminStructure(t.Context(), admin, structure)
	w.ok(err)
	if len(detail.People) != 2 || detail.Working != 0 || detail.Circles != 1 || !detail.People[1].Ended {
		t.Errorf("%+v", detail)
	}
}

// Who works in a branch acts through the branch's places, who works in what it belongs to through its own.
func TestABranchActsForItselfAlone(t *testing.T) {
	w := newWorld(t)
	admin, ofBranch, ofDac := w.administrator(), w.circle(), w.another(1)
	dac := NewStructure{newID(), StructureFields{Kind: "dac", Name: "DAC du Val d’Orselle"}}
	w.make(admin, dac)
	branch := NewStructure{newID(), StructureFields{Kind: "dac", Name: "Antenne de Brévigny", ParentID: &dac.ID}}
	w.make(admin, branch)
	w.join(admin, branch.ID, w.social)
	w.join(admin, dac.ID, w.nurse)
	w.seatStructure(w.gp, ofBranch, branch.ID)
	w.seatStructure(w.gp, ofDac, dac.ID)
	w.get(w.social, ofBranch)
	w.isOut(w.nurse, ofBranch)
	w.get(w.nurse, ofDac)
	w.isOut(w.social, ofDac)
	for name, wrong := range map[string]StructureFields{
		"a branch of a branch": {Kind: "dac", Name: "Bureau", ParentID: &branch.ID},
		"of another kind":      {Kind: "ssiad", Name: "Bureau", ParentID: &dac.ID},
		"of nothing":           {Kind: "dac", Name: "Bureau", ParentID: ptr(newID())},
	} {
		_, _, err := w.MakeStructure(t.Context(), admin, NewStructure{newID(), wrong})
		w.invalid(err, "parent_id", "structure_parent", name)
	}
	_, err := w.CorrectStructure(t.Context(), admin, dac.ID, StructureFields{Kind: "dac", Name: "DAC", ParentID: &branch.ID})
	w.invalid(err, "parent_id", "structure_parent", "what has branches becomes none")
}

func TestWhatIsNoStructure(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator()
	for name, c := range map[string]struct {
		change      func(*NewStructure)
		field, code string
	}{
		"id":          {func(n *NewStructure) { n.ID = uuid.New() }, "id", "invalid_id"},
		"kind":        {func(n *NewStructure) { n.Kind = "gare" }, "kind", "structure_kind"},
		"no name":     {func(n *NewStructure) { n.Name = " " }, "name", "name_missing"},
		"short":       {func(n *NewStructure) { n.Finess = "75071218" }, "finess", "structure_finess"},
		"mistyped":    {func(n *NewStructure) { n.Finess = "750712148" }, "finess", "structure_finess"},
		"letters":     {func(n *NewStructure) { n.Finess = "2C0000014" }, "finess", "structure_finess"},
		"its own DAC": {func(n *NewStructure) { n.ParentID = &n.ID }, "parent_id", "structure_parent"},
	} {
		req := ssiad()
		c.change(&req)
		_, _, err := w.MakeStructure(t.Context(), admin, req)
		w.invalid(err, c.field, c.code, name)
	}
	req := ssiad()
	req.Finess = "75 071 2184"
	w.make(admin, req)
	if _, created, err := w.MakeStructure(t.Context(), admin, req); err != nil || created {
		t.Errorf("a replay: %v, %v", created, err)
	}
	other := req
	other.Name = "SSIAD d’ailleurs"
	_, _, err := w.MakeStructure(t.Context(), admin, other)
	w.refused(err, ErrConflict)
	other.ID = newID()
	_, _, err = w.MakeStructure(t.Context(), admin, other)
	w.invalid(err, "finess", "structure_finess_taken")
	corsican := ssiad()
	corsican.Finess = "2a0000014"
	made, _, err := w.MakeStructure(t.Context(), admin, corsican)
	w.ok(err)
	if *made.Finess != "2A0000014" {
		t.Errorf("kept as %s", *made.Finess)
	}
	corrected, err := w.CorrectStructure(t.Context(), admin, corsican.ID, StructureFields{Kind: "saad", Name: "Aide à domicile"})
	w.ok(err)
	if corrected.Kind != "saad" || corrected.Finess != nil || corrected.Town != nil || w.journalled(admin, "structure.correct", "done") != 1 {
		t.Errorf("corrected to %+v", corrected)
	}
	_, err = w.CorrectStructure(t.Context(), admin, newID(), StructureFields{Kind: "saad", Name: "Aide à domicile"})
	w.refused(err, ErrStructure)
}

func TestWhoMayWorkInAStructure(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator()
	structure := w.make(admin, ssiad())
	w.exec("update accounts set active = false where person_id = $1", w.social.Person)
	join := func(who access.Actor) error {
		_, _, err := w.JoinStructure(t.Context(), admin, structure, NewBelonging{ID: newID(), ProfessionalID: who.Person})
		return err
	}
	w.invalid(join(w.social), "professional_id", "professional_unknown")
	w.invalid(join(admin), "professional_id", "structure_oneself")
	b := w.join(admin, structure, w.nurse)
	w.invalid(join(w.nurse), "professional_id", "structure_joined")
	req := NewBelonging{ID: b.ID, ProfessionalID: w.nurse.Person}
	if _, created, err := w.JoinStructure(t.Context(), admin, structure, req); err != nil || created {
		t.Errorf("a replay: %v, %v", created, err)
	}
	w.ok(w.LeaveStructure(t.Context(), admin, structure, b.ID, nil))
	if _, created, err := w.JoinStructure(t.Context(), admin, structure, req); err != nil || created {
		t.Errorf("a replay after the end: %v, %v", created, err)
	}
	req.ProfessionalID = w.help.Person
	_, _, err := w.JoinStructure(t.Context(), admin, structure, req)
	w.refused(err, ErrConflict)
	w.join(admin, structure, w.nurse) // who left may come back
	w.refused(w.LeaveStructure(t.Context(), admin, newID(), b.ID, nil), access.ErrNotFound)
	w.refused(w.LeaveStructure(t.Context(), admin, structure, newID(), nil), access.ErrNotFound)
}

func TestStructuresAreKeptByWhoAdministers(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator()
	structure := w.make(admin, ssiad())
	b := w.join(admin, structure, w.nurse)
	_, _, err := w.MakeStructure(t.Context(), w.gp, ssiad())
	w.refused(err, ErrNotAdministrator)
	_, err = w.CorrectStructure(t.Context(), w.gp, structure, ssiad().StructureFields)
	w.refused(err, ErrNotAdministrator)
	_, _, err = w.JoinStructure(t.Context(), w.gp, structure, NewBelonging{ID: newID(), ProfessionalID: w.help.Person})
	w.refused(err, ErrNotAdministrator)
	w.refused(w.LeaveStructure(t.Context(), w.gp, structure, b.ID, nil), ErrNotAdministrator)
	_, err = w.AdminStructures(t.Context(), w.gp, "", 10, uuid.Nil)
	w.refused(err, ErrNotAdministrator)
	_, err = w.AdminStructure(t.Context(), w.gp, structure)
	w.refused(err, ErrNotAdministrator)
	for _, verb := range []string{"structure.add", "structure.correct", "structure.join", "structure.leave", "structure.list", "structure.read"} {
		if w.journalled(w.gp, verb, "refused") != 1 {
			t.Errorf("the journal knows nothing of %s", verb)
		}
	}
	w.exec("update accounts set active = false where person_id = $1", admin.Person)
	w.refused(w.LeaveStructure(t.Context(), admin, structure, b.ID, nil), ErrNotAdministrator)
}

func TestAPlaceOfAStructureIsGivenLikeAnother(t *testing.T) {
	w := newWorld(t)
	admin, team := w.administrator(), w.circle(w.help)
	structure := w.make(admin, ssiad())
	w.join(admin, structure, w.nurse)
	for name, c := range map[string]struct {
		change      func(*NewStructurePlace)
		field, code string
	}{
		"id":               {func(n *NewStructurePlace) { n.ID = uuid.New() }, "id", "invalid_id"},
		"no structure":     {func(n *NewStructurePlace) { n.StructureID = uuid.Nil }, "structure_id", "structure_unknown"},
		"unknown":          {func(n *NewStructurePlace) { n.StructureID = newID() }, "structure_id", "structure_unknown"},
		"a person":         {func(n *NewStructurePlace) { n.StructureID = w.nurse.Person }, "structure_id", "structure_unknown"},
		"médecin traitant": {func(n *NewStructurePlace) { n.Seat = access.SeatMedecinTraitant }, "seat", "structure_seat"},
		"secretariat":      {func(n *NewStructurePlace) { n.Seat = access.SeatSecretariat }, "seat", "structure_seat"},
		"seat":             {func(n *NewStructurePlace) { n.Seat = "roi" }, "seat", "unknown_seat"},
		"basis":            {func(n *NewStructurePlace) { n.Basis = access.BasisEmergency }, "basis", "unknown_basis"},
		"until past":       {func(n *NewStructurePlace) { n.Until = ptr(time.Now().Add(-time.Hour)) }, "until", "until_before_from"},
	} {
		req := structureAt(structure, access.SeatIntervenant)
		c.change(&req)
		_, _, err := w.AddStructure(t.Context(), w.gp, team, req)
		w.invalid(err, c.field, c.code, name)
	}
	req := structureAt(structure, access.SeatIntervenant)
	_, _, err := w.AddStructure(t.Context(), w.help, team, req)
	w.refused(err, access.ErrForbidden)
	_, _, err = w.AddStructure(t.Context(), w.pharmacist, team, req)
	w.refused(err, access.ErrNotFound)
	w.refused(w.EndStructure(t.Context(), w.gp, team, structure), access.ErrNotFound)
	_, created, err := w.AddStructure(t.Context(), w.gp, team, req)
	w.ok(err)
	again, twice, err := w.AddStructure(t.Context(), w.gp, team, req)
	w.ok(err)
	if !created || twice || again.ID != req.ID {
		t.Errorf("created %v, then %v", created, twice)
	}
	other := req
	other.Seat = access.SeatReferent
	_, _, err = w.AddStructure(t.Context(), w.gp, team, other)
	w.refused(err, ErrConflict)
	_, _, err = w.AddStructure(t.Context(), w.gp, team, structureAt(structure, access.SeatIntervenant))
	w.invalid(err, "structure_id", "structure_already")
	w.refused(w.EndStructure(t.Context(), w.nurse, team, structure), access.ErrForbidden)
	w.refused(w.EndMember(t.Context(), w.nurse, team, w.nurse.Person), access.ErrForbidden) // it is not hers to end
	// The id of a place of a structure is no place of a person.
	_, _, err = w.AddMember(t.Context(), w.gp, team, NewMember{ID: req.ID, ProfessionalID: w.nurse.Person, Seat: req.Seat, Basis: req.Basis})
	w.refused(err, ErrConflict)
}

func TestAStructureMayBeTheLastToManage(t *testing.T) {
	w := newWorld(t)
	admin, team := w.administrator(), w.circle()
	structure := w.make(admin, ssiad())
	b := w.join(admin, structure, w.nurse)
	_, _, err := w.AddStructure(t.Context(), w.gp, team, structureAt(structure, access.SeatReferent))
	w.ok(err)
	w.ok(w.EndMember(t.Context(), w.gp, team, w.gp.Person))
	if got := w.get(w.nurse, team); !got.Managed || !slices.Contains(got.My.Actions, "manage_circle") {
		t.Fatalf("%+v", got.My)
	}
	w.refused(w.EndStructure(t.Context(), w.nurse, team, structure), ErrLastManager)
	w.ok(w.LeaveStructure(t.Context(), admin, structure, b.ID, nil)) // a departure is a departure
	w.isOut(w.nurse, team)
}

func TestTheDirectoryOfStructures(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator()
	first := w.make(admin, ssiad())
	w.make(admin, NewStructure{newID(), StructureFields{Kind: "pharmacie", Name: "Pharmacie de l’Église", Town: "Saint-Aubin"}})
	w.join(admin, first, w.nurse2)
	w.join(admin, first, w.nurse)
	w.join(admin, first, w.help)
	w.exec("update accounts set active = false where person_id = $1", w.help.Person)
	names := func(q string) (out []string) {
		page, err := w.Structures(t.Context(), q, 10, uuid.Nil)
		w.ok(err)
		for _, s := range page.Items {
			out = append(out, s.Name)
		}
		return out
	}
	for q, want := range map[string][]string{
		"":              {"Pharmacie de l’Église", "SSIAD du Val d’Orselle"},
		"egl saint":     {"Pharmacie de l’Église"},
		"bre":           {"SSIAD du Val d’Orselle"},
		"siad":          nil,
		"%":             {"Pharmacie de l’Église", "SSIAD du Val d’Orselle"},
		"ORSELLE ssiad": {"SSIAD du Val d’Orselle"},
	} {
		if got := names(q); !slices.Equal(got, want) {
			t.Errorf("%q finds %v", q, got)
		}
	}
	page, err := w.Structures(t.Context(), "", 1, uuid.Nil)
	w.ok(err)
	next, err := w.Structures(t.Context(), "", 1, page.Next)
	w.ok(err)
	if s := next.Items[0]; s.ID != first || s.Working != 2 || len(s.People) != 2 || s.People[0].ID != w.nurse.Person || next.Next != uuid.Nil {
		t.Errorf("%+v", next)
	}
}
