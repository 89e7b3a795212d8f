package teams

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

func TestAudience(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.pharmacist, w.physio, w.social, w.help, w.coordinator)
	w.will(w.gp, team, NewWill{Kind: access.WillConsent})
	a := w.audience(w.nurse, team, AudienceQuery{Category: "nursing"})
	if len(a.VisibleTo) != 5 || a.Total != 7 || len(a.HiddenFrom) != 2 || !a.reads(w.nurse) || a.AsOf.IsZero() {
		t.Errorf("nursing: %+v", a)
	}
	if a.reason(w.help) != access.ByProfession || a.reason(w.social) != access.ByProfession {
		t.Errorf("hidden from %+v", a.HiddenFrom)
	}
	if p := a.HiddenFrom[0]; p.Professional.Profession.Code == "" || len(p.Seats) != 1 || p.Reason.Detail != "" {
		t.Errorf("not enough for a sentence: %+v", p)
	}
	masked := w.audience(w.nurse, team, AudienceQuery{Category: "daily_life", Masks: []string{"MASQUE_PSOCIAL", "INVISIBLE_PATIENT"}})
	if masked.reads(w.social) || masked.reason(w.social) != access.ByNarrowing || masked.reason(w.pharmacist) != access.ByProfession || !masked.reads(w.physio) {
		t.Errorf("masked: %+v", masked)
	}
	// Masked to one's own class, the author still reads.
	if own := w.audience(w.nurse, team, AudienceQuery{Category: "nursing", Masks: []string{"MASQUE_PS"}}); !own.reads(w.nurse) || own.reads(w.gp) {
		t.Errorf("own class masked: %+v", own)
	}
	named := w.audience(w.nurse, team, AudienceQuery{Category: "nursing", OnlyTo: []uuid.UUID{w.gp.Person, w.help.Person}})
	if len(named.VisibleTo) != 2 || !named.reads(w.nurse) || !named.reads(w.gp) || named.reason(w.help) != access.ByProfession || named.reason(w.pharmacist) != access.ByNarrowing {
		t.Errorf("named: %+v", named)
	}
	if w.journalled(w.nurse, "circle.audience", "done") != 4 {
		t.Error("reading an audience is journalled")
	}
	// The home help writes of medication and does not read it: she reads her own.
	if blind := w.audience(w.help, team, AudienceQuery{Category: "medication"}); !blind.reads(w.help) || len(blind.VisibleTo) != 6 {
		t.Errorf("written without reading: %+v", blind)
	}
}

func TestAudienceCountsPlacesOfNowOnly(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.physio)
	soon := placeFor(w.pharmacist, access.SeatIntervenant)
	soon.From = ptr(time.Now().Add(time.Hour))
	_, _, err := w.AddMember(t.Context(), w.gp, team, soon)
	w.ok(err)
	w.ok(w.EndMember(t.Context(), w.gp, team, w.physio.Person))
	if a := w.audience(w.nurse, team, AudienceQuery{Category: "nursing"}); a.Total != 2 || len(a.HiddenFrom) != 0 {
		t.Errorf("audience %+v", a)
	}
}

func TestAudienceBadInput(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.help)
	_, err := w.Audience(t.Context(), w.help, team, AudienceQuery{Category: "medical"})
	w.refused(err, ErrCategoryNotWritable)
	for _, c := range []struct {
		q           AudienceQuery
		field, code string
	}{
		{AudienceQuery{Category: "everything"}, "category", "unknown_category"},
		{AudienceQuery{}, "category", "unknown_category"},
		{AudienceQuery{Category: "nursing", Masks: []string{"MASQUE_TOUT"}}, "mask", "unknown_mask"},
		{AudienceQuery{Category: "nursing", OnlyTo: []uuid.UUID{w.gp2.Person}}, "only_to", "only_to_unknown"},
		{AudienceQuery{Category: "nursing", OnlyTo: make([]uuid.UUID, 101)}, "only_to", "too_many"},
	} {
		_, err := w.Audience(t.Context(), w.nurse, team, c.q)
		w.invalid(err, c.field, c.code)
	}
}

func TestAudienceOfAReply(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.help)
	elsewhere := w.open(w.nurse, patient("Tessandier", "Bernard", "1952-09-30")).TeamID
	root := w.message(team, w.gp, uuid.Nil, access.Nursing)
	reply := w.message(team, w.gp, root, access.Nursing)
	if a := w.audience(w.nurse, team, AudienceQuery{Category: "nursing", Thread: root}); a.Total != 3 || len(a.VisibleTo) != 2 {
		t.Errorf("audience %+v", a)
	}
	_, err := w.Audience(t.Context(), w.nurse, team, AudienceQuery{Category: "nursing", Thread: reply})
	w.invalid(err, "thread_id", "thread_unknown")
	for _, try := range []func() (Audience, error){
		func() (Audience, error) { // of another circle, which she reads too
			return w.Audience(t.Context(), w.nurse, elsewhere, AudienceQuery{Category: "nursing", Thread: root})
		},
		func() (Audience, error) { // which she does not read
			return w.Audience(t.Context(), w.help, team, AudienceQuery{Category: "daily_life", Thread: root})
		},
		func() (Audience, error) {
			return w.Audience(t.Context(), w.nurse, team, AudienceQuery{Category: "nursing", Thread: newID()})
		},
	} {
		_, err := try()
		w.refused(err, access.ErrNotFound)
	}
	if w.journalled(w.nurse, "circle.audience", "refused") != 2 || w.journalled(w.help, "circle.audience", "refused") != 1 {
		t.Error("refusals are journalled")
	}
}

// message puts a row where chat would.
func (w *world) message(team uuid.UUID, author access.Actor, thread uuid.UUID, category access.Categories) uuid.UUID {
	w.t.Helper()
	id := newID()
	w.exec(`insert into messages (id, space_id, channel_id, position, author_id, thread_id, category, body, fingerprint, written_at, created_at)
		select $1, $2, c.id, 1000 + (select count(*) from messages), $3, nullif($4, '00000000-0000-0000-0000-000000000000'::uuid), $5, '', '', now(), now()
		from channels c where c.space_id = $2 and c.kind = 'notebook'`, id, team, author.Person, thread, int32(category))
	return id
}
