package teams

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

var nurses = access.Profession{System: "TRE_G15", Code: "60"}

func TestOppositionTakesRightsAtOnceAndSaysNothing(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.nurse2, w.help)
	will := w.will(w.gp, team, NewWill{Kind: access.WillOpposition, ProfessionalID: &w.nurse.Person, Category: "nursing", How: "à domicile"})
	if will.Professional.ID != w.nurse.Person || *will.Category != "nursing" || will.Profession != nil || will.RecordedBy.ID != w.gp.Person || *will.How != "à domicile" {
		t.Errorf("recorded %+v", will)
	}
	if my := w.get(w.nurse, team).My; slices.Contains(my.Reads, "nursing") || slices.Contains(my.Writes, "nursing") || *my.DefaultCategory != "organisation" {
		t.Errorf("opposed, she has %+v", my)
	}
	// An ordinary author learns that she has no access, as for a date or a seat; her profession's row says nothing of it.
	a := w.audience(w.nurse2, team, AudienceQuery{Category: "nursing"})
	if a.reads(w.nurse) || a.reason(w.nurse) != access.NoAccess || a.reason(w.help) != access.ByProfession {
		t.Errorf("audience %+v", a)
	}
	if m := w.get(w.nurse2, team).member(w.nurse); m.Reads != nil || !slices.Contains(m.ProfessionReads, "nursing") {
		t.Errorf("a colleague sees %+v", m)
	}
	if m := w.get(w.gp, team).member(w.nurse); slices.Contains(m.Reads, "nursing") {
		t.Errorf("who sees full reasons sees %+v", m)
	}
	_, err := w.Audience(t.Context(), w.nurse, team, AudienceQuery{Category: "nursing"})
	w.refused(err, ErrCategoryNotWritable)

	// Oppositions are listed to who may know; the others see the rest.
	if all, err := w.Will(t.Context(), w.gp, team); err != nil || len(all) != 2 {
		t.Errorf("to who manages: %+v, %v", all, err)
	}
	for _, who := range []access.Actor{w.nurse, w.nurse2, w.help} {
		if some, err := w.Will(t.Context(), who, team); err != nil || len(some) != 1 || some[0].Kind != "information" || *some[0].GivenBy != "Dr Hélène Baudry" {
			t.Errorf("to the others: %+v, %v", some, err)
		}
	}

	withdrawn := w.will(w.gp, team, NewWill{Kind: access.WillOpposition, Withdraws: &will.ID})
	if withdrawn.ID != will.ID || withdrawn.WithdrawnAt == nil {
		t.Errorf("withdrawn %+v", withdrawn)
	}
	if !slices.Contains(w.get(w.nurse, team).My.Reads, "nursing") {
		t.Error("a withdrawn opposition still holds")
	}
}

func TestOppositionToAProfessionAndAPerson(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.nurse2)
	will := w.will(w.gp, team, NewWill{Kind: access.WillOpposition, Profession: &nurses})
	if will.Profession == nil || will.Profession.Code != "60" || will.Category != nil || will.Professional != nil {
		t.Errorf("recorded %+v", will)
	}
	for _, who := range []access.Actor{w.nurse, w.nurse2} {
		_, err := w.Get(t.Context(), who, team)
		w.refused(err, access.ErrNotFound)
	}
	if got := w.get(w.gp, team); len(got.Members) != 3 {
		t.Error("the place itself remains, and is seen by who manages")
	}
}

func TestConsentForACoordinator(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.coordinator, w.nurse)
	if my := w.get(w.coordinator, team).My; slices.Contains(my.Reads, "medical") || !slices.Contains(my.Reads, "social") || *my.DefaultCategory != "organisation" {
		t.Errorf("without consent: %+v", my)
	}
	if got := w.audience(w.nurse, team, AudienceQuery{Category: "nursing"}); got.reason(w.coordinator) != access.NoAccess {
		t.Errorf("missing consent is told: %+v", got.HiddenFrom)
	}
	consent := w.will(w.gp, team, NewWill{Kind: access.WillConsent, How: "par écrit"})
	if my := w.get(w.coordinator, team).My; !slices.Contains(my.Reads, "medical") || !slices.Contains(my.Reads, "nursing") {
		t.Errorf("with consent: %+v", my)
	}
	w.will(w.gp, team, NewWill{Kind: access.WillConsent, Withdraws: &consent.ID})
	if my := w.get(w.coordinator, team).My; slices.Contains(my.Reads, "medical") {
		t.Errorf("after it was withdrawn: %+v", my)
	}
}

func TestAPlaceByConsent(t *testing.T) {
	w := newWorld(t)
	team := w.circle()
	req := placeFor(w.social, access.SeatIntervenant)
	req.Basis = access.BasisConsent
	_, _, err := w.AddMember(t.Context(), w.gp, team, req)
	w.ok(err)
	_, err = w.Get(t.Context(), w.social, team)
	w.refused(err, access.ErrNotFound)
	w.will(w.gp, team, NewWill{Kind: access.WillConsent})
	w.get(w.social, team)
}

func TestWillReplays(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse)
	w.add(w.gp, team, w.nurse2, access.SeatReferent)
	elsewhere := w.open(w.gp, patient("Tessandier", "Bernard", "1952-09-30")).TeamID
	for name, req := range map[string]NewWill{
		"now":        {ID: newID(), Kind: access.WillNonOpposition},
		"dated":      {ID: newID(), Kind: access.WillInformation, GivenBy: "Nadia Ferhat", How: "oral", GivenAt: ptr(time.Now().Add(-time.Hour))},
		"clock fast": {ID: newID(), Kind: access.WillNonOpposition, GivenAt: ptr(time.Now().Add(2 * time.Minute))},
		"opposition": {ID: newID(), Kind: access.WillOpposition, Profession: &nurses, Category: "social"},
	} {
		first, created, err := w.RecordWill(t.Context(), w.gp, team, req)
		w.ok(err)
		again, twice, err := w.RecordWill(t.Context(), w.gp, team, req)
		w.ok(err)
		if !created || twice || first.ID != again.ID || first.GivenAt != again.GivenAt || first.GivenAt.After(first.RecordedAt) {
			t.Errorf("%s: %+v, then %+v", name, first, again)
		}
		_, _, err = w.RecordWill(t.Context(), w.nurse2, team, req)
		w.refused(err, ErrConflict)
		other := req
		other.How = "autrement"
		_, _, err = w.RecordWill(t.Context(), w.gp, team, other)
		w.refused(err, ErrConflict)
		_, _, err = w.RecordWill(t.Context(), w.gp, elsewhere, req)
		w.refused(err, ErrConflict)
	}
}

func TestWillBadInput(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse)
	consent := w.will(w.gp, team, NewWill{Kind: access.WillConsent, GivenAt: ptr(time.Now().Add(-time.Minute))})
	over := w.will(w.gp, team, NewWill{Kind: access.WillNonOpposition})
	w.will(w.gp, team, NewWill{Kind: access.WillNonOpposition, Withdraws: &over.ID})
	for name, c := range map[string]struct {
		req         NewWill
		field, code string
	}{
		"kind":               {NewWill{Kind: "wish"}, "kind", "unknown_kind"},
		"nothing opposed":    {NewWill{Kind: access.WillOpposition}, "kind", "opposition_target_missing"},
		"both":               {NewWill{Kind: access.WillOpposition, ProfessionalID: &w.nurse.Person, Profession: &nurses}, "profession", "opposition_target_both"},
		"consent to one":     {NewWill{Kind: access.WillConsent, ProfessionalID: &w.nurse.Person}, "kind", "opposition_target_unexpected"},
		"person":             {NewWill{Kind: access.WillOpposition, ProfessionalID: ptr(newID())}, "professional_id", "professional_unknown"},
		"profession":         {NewWill{Kind: access.WillOpposition, Profession: &access.Profession{System: "TRE_G15", Code: "0"}}, "profession", "unknown_profession"},
		"category":           {NewWill{Kind: access.WillOpposition, Category: "all"}, "category", "unknown_category"},
		"tomorrow":           {NewWill{Kind: access.WillConsent, GivenAt: ptr(time.Now().Add(24 * time.Hour))}, "given_at", "given_at_future"},
		"no year":            {NewWill{Kind: access.WillConsent, GivenAt: &time.Time{}}, "given_at", "given_at_impossible"},
		"bidi":               {NewWill{Kind: access.WillConsent, How: "\u202eoral"}, "how", "text_forbidden_character"},
		"long":               {NewWill{Kind: access.WillConsent, How: strings.Repeat("a", 501)}, "how", "text_too_long"},
		"not UTF-8":          {NewWill{Kind: access.WillConsent, GivenBy: "\xc3"}, "given_by", "invalid_utf8"},
		"withdraws a kind":   {NewWill{Kind: access.WillNonOpposition, Withdraws: &consent.ID}, "withdraws", "withdraws_other_kind"},
		"withdraws twice":    {NewWill{Kind: access.WillNonOpposition, Withdraws: &over.ID}, "withdraws", "already_withdrawn"},
		"withdraws too soon": {NewWill{Kind: access.WillConsent, Withdraws: &consent.ID, GivenAt: ptr(time.Now().Add(-time.Hour))}, "given_at", "given_at_before_fact"},
	} {
		c.req.ID = newID()
		_, _, err := w.RecordWill(t.Context(), w.gp, team, c.req)
		w.invalid(err, c.field, c.code, name)
	}
	_, _, err := w.RecordWill(t.Context(), w.gp, team, NewWill{ID: uuid.New(), Kind: access.WillConsent})
	w.invalid(err, "id", "invalid_id")

	// What is of another circle is absent, and the journal knows who asked.
	elsewhere := w.open(w.gp, patient("Tessandier", "Bernard", "1952-09-30")).TeamID
	for _, id := range []uuid.UUID{consent.ID, newID()} {
		_, _, err := w.RecordWill(t.Context(), w.gp, elsewhere, NewWill{ID: newID(), Kind: access.WillConsent, Withdraws: &id})
		w.refused(err, access.ErrNotFound)
	}
	if w.journalled(w.gp, "will.record", "refused") != 2 {
		t.Error("refusals are journalled")
	}
}
