package teams

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

func TestAddMember(t *testing.T) {
	w := newWorld(t)
	team := w.circle()
	_, err := w.Get(t.Context(), w.nurse, team)
	w.refused(err, access.ErrNotFound)
	m := w.add(w.gp, team, w.nurse, access.SeatIntervenant)
	if m.Professional.ID != w.nurse.Person || m.Seats[0] != "intervenant" || m.Basis != "care_team_2" || m.Until != nil || len(m.Reads) != 9 {
		t.Errorf("member %+v", m)
	}
	if got := w.get(w.nurse, team); got.member(w.nurse).ID != m.ID {
		t.Error("the member named is another than the one added")
	}
	if n := w.count("select count(*) from events where type = 'membership' and person_id = $1", w.nurse.Person); n != 2 {
		t.Errorf("%d events, one a channel were due", n)
	}
	if n := w.count("select count(*) from channels where space_id = $1 and epoch = 2", team); n != 2 {
		t.Error("the epoch of every channel moves with every change of standing")
	}
}

func TestAddMemberReplays(t *testing.T) {
	w := newWorld(t)
	team := w.circle()
	for name, req := range map[string]NewMember{
		"at once": placeFor(w.nurse, access.SeatIntervenant),
		"dated": {
			ID: newID(), ProfessionalID: w.physio.Person, Seat: "intervenant", Basis: "care_team_3",
			From: ptr(time.Now().Add(-time.Hour)), Until: ptr(time.Now().Add(time.Hour)), FromNowOn: true,
		},
	} {
		_, created, err := w.AddMember(t.Context(), w.gp, team, req)
		w.ok(err)
		again, twice, err := w.AddMember(t.Context(), w.gp, team, req)
		w.ok(err)
		if !created || twice || again.ID != req.ID {
			t.Errorf("%s: created %v, then %v", name, created, twice)
		}
		other := req
		other.Seat = access.SeatReferent
		_, _, err = w.AddMember(t.Context(), w.gp, team, other)
		w.refused(err, ErrConflict)
		later := req
		later.From = ptr(time.Now().Add(time.Minute))
		_, _, err = w.AddMember(t.Context(), w.gp, team, later)
		w.refused(err, ErrConflict)
		w.ok(w.EndMember(t.Context(), w.gp, team, req.ProfessionalID))
		if _, created, err := w.AddMember(t.Context(), w.gp, team, req); err != nil || created {
			t.Errorf("%s: a replay after the end gave %v, %v", name, created, err)
		}
	}
	// By another author, and in another circle.
	req := placeFor(w.help, access.SeatIntervenant)
	_, _, err := w.AddMember(t.Context(), w.gp, team, req)
	w.ok(err)
	w.add(w.gp, team, w.nurse, access.SeatReferent)
	_, _, err = w.AddMember(t.Context(), w.nurse, team, req)
	w.refused(err, ErrConflict)
	elsewhere := w.open(w.gp, patient("Tessandier", "Bernard", "1952-09-30")).TeamID
	_, _, err = w.AddMember(t.Context(), w.gp, elsewhere, req)
	w.refused(err, ErrConflict)
}

func TestAddMemberBadInput(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.help)
	w.exec("update accounts set active = false where person_id = $1", w.social.Person)
	now := time.Now()
	for name, c := range map[string]struct {
		change      func(*NewMember)
		field, code string
	}{
		"id":               {func(m *NewMember) { m.ID = uuid.New() }, "id", "invalid_id"},
		"nobody":           {func(m *NewMember) { m.ProfessionalID = uuid.Nil }, "professional_id", "professional_unknown"},
		"unknown person":   {func(m *NewMember) { m.ProfessionalID = newID() }, "professional_id", "professional_unknown"},
		"inactive person":  {func(m *NewMember) { m.ProfessionalID = w.social.Person }, "professional_id", "professional_unknown"},
		"seat":             {func(m *NewMember) { m.Seat = "roi" }, "seat", "unknown_seat"},
		"no seat":          {func(m *NewMember) { m.Seat = "" }, "seat", "unknown_seat"},
		"a replacement":    {func(m *NewMember) { m.Seat = "remplacant" }, "seat", "seat_not_open"},
		"a secretariat":    {func(m *NewMember) { m.Seat = "secretariat" }, "seat", "seat_not_open"},
		"an expert":        {func(m *NewMember) { m.Seat = "expert" }, "seat", "seat_not_open"},
		"no physician":     {func(m *NewMember) { m.Seat = "medecin_traitant" }, "seat", "seat_needs_physician"},
		"basis":            {func(m *NewMember) { m.Basis = "care_team_4" }, "basis", "unknown_basis"},
		"until before":     {func(m *NewMember) { m.From, m.Until = ptr(now.Add(2*time.Hour)), ptr(now.Add(time.Hour)) }, "until", "until_before_from"},
		"until at from":    {func(m *NewMember) { m.From, m.Until = ptr(now.Add(time.Hour)), ptr(now.Add(time.Hour)) }, "until", "until_before_from"},
		"until past":       {func(m *NewMember) { m.From, m.Until = ptr(now.Add(-2*time.Hour)), ptr(now.Add(-time.Hour)) }, "until", "until_past"},
		"until too far":    {func(m *NewMember) { m.Until = ptr(now.AddDate(500, 0, 0)) }, "until", "until_too_far"},
		"from too old":     {func(m *NewMember) { m.From = ptr(now.AddDate(-30, 0, 0)) }, "from", "from_too_old"},
		"from the year 0":  {func(m *NewMember) { m.From = ptr(time.Time{}) }, "from", "from_too_old"},
		"from too far":     {func(m *NewMember) { m.From = ptr(now.AddDate(90, 0, 0)) }, "from", "from_too_far"},
		"a member already": {func(m *NewMember) { m.ProfessionalID = w.help.Person }, "professional_id", "already_member"},
	} {
		req := placeFor(w.physio, access.SeatIntervenant)
		c.change(&req)
		_, _, err := w.AddMember(t.Context(), w.gp, team, req)
		w.invalid(err, c.field, c.code, name)
	}
	if n := w.count("select count(*) from memberships"); n != 2 {
		t.Errorf("%d memberships after bad input", n)
	}
}

func TestEndedAndFutureMembersAreShownToWhoManages(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.physio)
	soon := placeFor(w.social, access.SeatIntervenant)
	soon.From = ptr(time.Now().Add(24 * time.Hour))
	_, _, err := w.AddMember(t.Context(), w.gp, team, soon)
	w.ok(err)
	w.ok(w.EndMember(t.Context(), w.gp, team, w.physio.Person))
	w.ok(w.EndMember(t.Context(), w.gp, team, w.physio.Person))
	asGP, asNurse := w.get(w.gp, team), w.get(w.nurse, team)
	if len(asGP.Ended) != 1 || asGP.Ended[0].Professional.ID != w.physio.Person || asGP.Ended[0].Until == nil || asGP.member(w.physio) != nil {
		t.Errorf("ended, to who manages: %+v", asGP.Ended)
	}
	if len(asNurse.Ended) != 0 || asNurse.member(w.physio) != nil {
		t.Errorf("ended, to a colleague: %+v", asNurse.Ended)
	}
	if m := asNurse.member(w.social); m == nil || !m.From.After(time.Now()) {
		t.Errorf("to come: %+v", m)
	}
	_, err = w.Get(t.Context(), w.physio, team)
	w.refused(err, access.ErrNotFound)
	_, err = w.Get(t.Context(), w.social, team)
	w.refused(err, access.ErrNotFound)

	// A place ended before it began is over for everybody, and may be given again.
	w.ok(w.EndMember(t.Context(), w.gp, team, w.social.Person))
	if w.get(w.nurse, team).member(w.social) != nil || len(w.get(w.gp, team).Ended) != 2 {
		t.Error("a place that will not begin is still to come")
	}
	w.add(w.gp, team, w.social, access.SeatIntervenant)
	w.add(w.gp, team, w.physio, access.SeatIntervenant)
	if own := w.get(w.physio, team).member(w.physio); len(own.Periods) != 2 {
		t.Errorf("her own former place is not shown to her: %+v", own)
	}
	if seen := w.get(w.nurse, team).member(w.physio); len(seen.Periods) != 1 {
		t.Errorf("a former place is shown to a colleague: %+v", seen)
	}
}

func TestEndMember(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.help)
	w.refused(w.EndMember(t.Context(), w.gp, team, w.gp2.Person), access.ErrNotFound)
	w.ok(w.EndMember(t.Context(), w.help, team, w.help.Person)) // oneself
	_, err := w.Get(t.Context(), w.help, team)
	w.refused(err, access.ErrNotFound)
	if n := w.count("select count(*) from memberships where person_id = $1 and ended_by = $1 and ended_at = valid_until", w.help.Person); n != 1 {
		t.Error("who ended it, and when")
	}
	if w.journalled(w.help, "member.end", "done") != 1 {
		t.Error("leaving left no line")
	}
}

func TestSeveralMembersAtOnceOrNone(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.physio)
	places := []NewMember{placeFor(w.nurse, access.SeatIntervenant), placeFor(w.help, access.SeatIntervenant)}
	wrong := append(slices.Clone(places), placeFor(w.physio, access.SeatIntervenant))
	w.invalid(w.AddMembers(t.Context(), w.gp, team, wrong), "professional_id", "already_member")
	w.refused(w.AddMembers(t.Context(), w.physio, team, places), access.ErrForbidden)
	w.refused(w.AddMembers(t.Context(), w.gp2, team, places), access.ErrNotFound)
	if got := w.get(w.gp, team); len(got.Members) != 2 {
		t.Errorf("what was refused left %d members", len(got.Members))
	}
	w.ok(w.AddMembers(t.Context(), w.gp, team, places))
	w.ok(w.AddMembers(t.Context(), w.gp, team, places))
	if got := w.get(w.nurse, team); len(got.Members) != 4 {
		t.Errorf("%d members", len(got.Members))
	}
	if n := w.count(`select count(*) from audit_lines where verb = 'member.add' and outcome = 'done' and space_id = $1
		and detail->'people' ? $2 and detail->'people' ? $3`, team, w.nurse.Person, w.help.Person); n != 2 {
		t.Errorf("%d lines name who was added, want 2", n)
	}
}

func TestLastManager(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.coordinator)
	// The physician founded the circle and alone manages it.
	w.refused(w.EndMember(t.Context(), w.gp, team, w.gp.Person), ErrLastManager)
	_, _, err := w.RecordWill(t.Context(), w.gp, team, NewWill{ID: newID(), Kind: access.WillOpposition, ProfessionalID: &w.gp.Person})
	w.refused(err, ErrLastManager)
	if got := w.get(w.gp, team); len(got.Members) != 3 || len(got.My.Reads) != 9 {
		t.Errorf("what was refused left something: %+v", got.My)
	}
	// A manager to come does not manage yet.
	soon := placeFor(w.coordinator, access.SeatCoordonnateur)
	soon.From = ptr(time.Now().Add(time.Hour))
	_, _, err = w.AddMember(t.Context(), w.gp, team, soon)
	w.ok(err)
	w.refused(w.EndMember(t.Context(), w.gp, team, w.gp.Person), ErrLastManager)

	w.add(w.gp, team, w.nurse, access.SeatReferent)
	w.ok(w.EndMember(t.Context(), w.gp, team, w.gp.Person))
	w.refused(w.EndMember(t.Context(), w.nurse, team, w.nurse.Person), ErrLastManager)
}

// A patient's will is asked about once, never refused: the circle then says that nobody manages it, and whoever in it may open
// dossiers names who will, and nobody else.
func TestARefusalOfTheLastManagerIsRecorded(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.nurse2, w.help)
	refusal := NewWill{ID: newID(), Kind: access.WillOpposition, Profession: &access.Physician}
	_, _, err := w.RecordWill(t.Context(), w.gp, team, refusal)
	w.refused(err, ErrLastManager)
	if !w.get(w.nurse, team).Managed {
		t.Error("managed, and says that it is not")
	}
	refusal.LeaveUnmanaged = true
	will, created, err := w.RecordWill(t.Context(), w.gp, team, refusal)
	if err != nil || !created || will.ID != refusal.ID {
		t.Fatalf("recorded %+v, %v, %v", will, created, err)
	}
	_, err = w.Get(t.Context(), w.gp, team)
	w.refused(err, access.ErrNotFound)
	for _, who := range []access.Actor{w.nurse, w.help} {
		if w.get(who, team).Managed {
			t.Error("a circle that nobody manages does not say so")
		}
	}
	if n := w.count("select count(*) from audit_lines where verb = 'will.record' and outcome = 'done' and space_id = $1 and detail->>'unmanaged' = 'true'", team); n != 1 {
		t.Errorf("%d lines say so", n)
	}

	for name, c := range map[string]struct {
		by   access.Actor
		whom access.Actor
		seat string
	}{
		"by who opens no dossiers":  {w.help, w.nurse, access.SeatReferent},
		"of who will not manage":    {w.nurse, w.physio, access.SeatIntervenant},
		"of who is refused herself": {w.nurse, w.gp2, access.SeatMedecinTraitant},
	} {
		if _, _, err := w.AddMember(t.Context(), c.by, team, placeFor(c.whom, c.seat)); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("a place %s: %v", name, err)
		}
	}
	w.refused(w.AddMembers(t.Context(), w.nurse, team, []NewMember{placeFor(w.nurse, access.SeatReferent)}), access.ErrForbidden)
	w.add(w.nurse, team, w.nurse2, access.SeatReferent)
	if got := w.get(w.help, team); !got.Managed || len(got.Members) != 4 {
		t.Errorf("managed: %v, %d members", got.Managed, len(got.Members))
	}
	_, _, err = w.AddMember(t.Context(), w.nurse, team, placeFor(w.physio, access.SeatIntervenant))
	w.refused(err, access.ErrForbidden)
	w.add(w.nurse2, team, w.physio, access.SeatIntervenant)
}

func TestFounderManagesUntilSomebodyIsNamed(t *testing.T) {
	w := newWorld(t)
	team := w.open(w.nurse, marcillac()).TeamID
	w.add(w.nurse, team, w.gp, access.SeatMedecinTraitant)
	_, _, err := w.AddMember(t.Context(), w.nurse, team, placeFor(w.help, access.SeatIntervenant))
	w.refused(err, access.ErrForbidden)
	w.add(w.gp, team, w.help, access.SeatIntervenant)
	// The named one may go: the founder is there to manage again.
	w.ok(w.EndMember(t.Context(), w.gp, team, w.gp.Person))
	w.add(w.nurse, team, w.physio, access.SeatIntervenant)
	w.refused(w.EndMember(t.Context(), w.nurse, team, w.nurse.Person), ErrLastManager)
	w.ok(w.EndMember(t.Context(), w.help, team, w.help.Person)) // a plain member goes as she likes
}

func TestDatedMembership(t *testing.T) {
	w := newWorld(t)
	team := w.circle()
	req := placeFor(w.nurse, access.SeatIntervenant)
	req.From, req.Until = ptr(time.Now().Add(time.Hour)), ptr(time.Now().Add(2*time.Hour))
	m, _, err := w.AddMember(t.Context(), w.gp, team, req)
	w.ok(err)
	if !m.From.Equal(moment(*req.From)) || !m.Until.Equal(moment(*req.Until)) || len(m.Reads) != 0 || len(m.ProfessionReads) != 9 {
		t.Errorf("member %+v", m)
	}
	if n := w.count("select count(*) from boundaries where space_id = $1 and at in ($2, $3)", team, m.From, *m.Until); n != 2 {
		t.Errorf("%d boundaries", n)
	}
	_, err = w.Get(t.Context(), w.nurse, team)
	w.refused(err, access.ErrNotFound)
	w.passes(90 * time.Minute)
	w.get(w.nurse, team)
	w.passes(time.Hour)
	_, err = w.Get(t.Context(), w.nurse, team)
	w.refused(err, access.ErrNotFound)
	if got := w.get(w.gp, team); got.member(w.nurse) != nil || len(got.Ended) != 1 {
		t.Errorf("ended by its date: %+v", got.Members)
	}
}

// passes lets time go by for what has dates.
func (w *world) passes(d time.Duration) {
	w.t.Helper()
	w.exec("update standings set valid_from = valid_from - $1::interval, valid_until = valid_until - $1::interval", d)
	w.exec("update memberships set valid_from = valid_from - $1::interval, valid_until = valid_until - $1::interval", d)
}
