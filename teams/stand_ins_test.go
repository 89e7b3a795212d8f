package teams

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

func replacement(by access.Actor, teams ...uuid.UUID) NewStandIn {
	return NewStandIn{ID: newID(), Kind: access.ThroughReplacement, ProfessionalID: by.Person, Until: ptr(time.Now().Add(time.Hour)), TeamIDs: teams}
}

// another opens the dossier of somebody born on a day like nobody else.
func (w *world) another(day int) uuid.UUID {
	w.t.Helper()
	req := patient("Nom"+strings.Repeat("x", day), "Prénom", time.Date(1940, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	req.Seat = access.SeatMedecinTraitant
	return w.open(w.gp, req).TeamID
}

func (w *world) standIn(actor access.Actor, req NewStandIn) StandIn {
	w.t.Helper()
	out, created, err := w.AddStandIn(w.t.Context(), actor, req)
	w.ok(err)
	if !created {
		w.t.Error("a new stand-in was not created")
	}
	return out
}

func TestWhoReplacesActsWhereTheOtherHasAPlace(t *testing.T) {
	w := newWorld(t)
	locum := w.hire("Léa", "Remy", "TRE_G15", "10")
	first, second := w.circle(w.nurse), w.another(1)
	_, err := w.Get(t.Context(), locum, first)
	w.refused(err, access.ErrNotFound)
	s := w.standIn(w.gp, replacement(locum, first))
	got := w.get(locum, first)
	if !slices.Equal(got.MySeats, []string{access.SeatMedecinTraitant, access.SeatRemplacant}) || len(got.My.Reads) != 9 {
		t.Errorf("seats %v, reads %v", got.MySeats, got.My.Reads)
	}
	if got.OwnPlace || !w.get(w.gp, first).OwnPlace {
		t.Error("whose own the place is, is said wrongly")
	}
	m := got.member(locum)
	if m == nil || len(m.Through) != 1 || m.Through[0].ID != w.gp.Person || m.Through[0].Name == "" || m.Through[0].Kind != access.ThroughReplacement {
		t.Fatalf("shown as %+v", m)
	}
	_, err = w.Get(t.Context(), locum, second)
	w.refused(err, access.ErrNotFound)
	if n := w.count("select count(*) from audit_lines where actor = $1 and verb = 'team.read' and detail->'acting_for' ? $2", locum.Person, w.gp.Person.String()); n != 1 {
		t.Errorf("%d lines name whom she replaces", n)
	}
	w.ok(w.EndStandIn(t.Context(), locum, s.ID))
	w.ok(w.EndStandIn(t.Context(), w.gp, s.ID))
	_, err = w.Get(t.Context(), locum, first)
	w.refused(err, access.ErrNotFound)
}

func TestAReplacementReachesCirclesToCome(t *testing.T) {
	w := newWorld(t)
	locum := w.hire("Léa", "Remy", "TRE_G15", "10")
	w.standIn(w.gp, replacement(locum))
	later := w.circle(w.nurse)
	for actor, own := range map[access.Actor]bool{w.gp: true, locum: false} {
		if items, err := w.List(t.Context(), actor); err != nil || len(items) != 1 || items[0].OwnPlace != own {
			t.Errorf("lists %+v, %v", items, err)
		}
	}
	if got := w.get(locum, later); len(got.My.Reads) == 0 {
		t.Errorf("reads %v", got.My.Reads)
	}
}

func TestAReplacementOfManyCirclesHasFollowedWhenItAnswers(t *testing.T) {
	w := newWorld(t)
	locum := w.hire("Léa", "Remy", "TRE_G15", "10")
	for day := range 23 {
		w.another(day)
	}
	count := func() int {
		return w.count("select count(*) from standings where person_id = $1 and valid_until > clock_timestamp()", locum.Person)
	}
	s := w.standIn(w.gp, replacement(locum))
	if n := count(); n != 23 {
		t.Errorf("%d circles followed", n)
	}
	w.ok(w.EndStandIn(t.Context(), w.gp, s.ID))
	if n := count(); n != 0 {
		t.Errorf("%d circles were left", n)
	}
}

func TestASecretaryHandlesWhatIsAdministrativeAndWhatIsDelegated(t *testing.T) {
	w := newWorld(t)
	secretary := w.hire("Inès", "Vidal", "TRE_R85", "331")
	team := w.circle(w.nurse)
	w.standIn(w.gp, NewStandIn{ID: newID(), Kind: access.ThroughSecretariat, ProfessionalID: secretary.Person, Categories: []string{"nursing"}})
	got := w.get(secretary, team)
	if !slices.Equal(got.My.Reads, []string{"nursing", "administrative", "organisation"}) || len(got.My.Alerts) != 0 || len(got.My.Actions) != 0 {
		t.Errorf("rights %+v", got.My)
	}
	if !slices.Equal(got.MySeats, []string{access.SeatSecretariat}) {
		t.Errorf("seats %v", got.MySeats)
	}
	w.will(w.gp, team, NewWill{ID: newID(), Kind: access.WillOpposition, ProfessionalID: &w.gp.Person, Category: "nursing"})
	if got := w.get(secretary, team); slices.Contains(got.My.Reads, "nursing") {
		t.Error("a secretary has more than whom she works for")
	}
}

func TestWhatIsNoStandIn(t *testing.T) {
	w := newWorld(t)
	locum, stranger := w.hire("Léa", "Remy", "TRE_G15", "10"), w.hire("Ugo", "Loin", "TRE_G15", "10")
	elsewhere := w.circle(w.nurse)
	_, _, err := w.AddStandIn(t.Context(), w.gp, replacement(w.nurse))
	w.invalid(err, "professional_id", "stand_in_profession")
	_, _, err = w.AddStandIn(t.Context(), w.gp, replacement(w.gp))
	w.invalid(err, "professional_id", "stand_in_oneself")
	_, _, err = w.AddStandIn(t.Context(), stranger, replacement(locum, elsewhere))
	w.invalid(err, "team_ids", "stand_in_teams")
	endless := replacement(locum)
	endless.Until = nil
	_, _, err = w.AddStandIn(t.Context(), w.gp, endless)
	w.invalid(err, "until", "stand_in_until")
	s := w.standIn(w.gp, replacement(locum))
	w.refused(w.EndStandIn(t.Context(), stranger, s.ID), access.ErrNotFound)
	req := replacement(locum)
	w.standIn(w.gp, req)
	if _, created, err := w.AddStandIn(t.Context(), w.gp, req); err != nil || created {
		t.Errorf("a replay made another: %v, %v", created, err)
	}
	_, _, err = w.AddStandIn(t.Context(), stranger, req)
	w.refused(err, ErrConflict)
}

func TestWhoIsReplacedHandsOnNothingSheReplacesIn(t *testing.T) {
	w := newWorld(t)
	locum, third := w.hire("Léa", "Remy", "TRE_G15", "10"), w.hire("Ugo", "Loin", "TRE_G15", "10")
	team := w.circle(w.nurse)
	w.standIn(w.gp, replacement(locum))
	w.standIn(locum, replacement(third))
	_, err := w.Get(t.Context(), third, team)
	w.refused(err, access.ErrNotFound)
}
