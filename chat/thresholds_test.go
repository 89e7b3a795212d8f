package chat

import (
	"bytes"
	"errors"
	"testing"

	"liaison/access"
)

func bound(v float64) *float64 { return &v }

// The médecin traitant sets them, the nurse reads them, the home help and the outsider learn nothing; changes add up.
func TestThresholdsAreSetByWhoMayAndReadByCarers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pressure := []Threshold{{"blood_pressure", "systolic", nil, bound(160)}, {"blood_pressure", "diastolic", nil, bound(95)}}
	w.must(w.chat.SetThresholds(t.Context(), w.gp, w.space, pressure))
	w.must(w.chat.SetThresholds(t.Context(), w.gp, w.space, []Threshold{{"body_weight", "value", bound(60), nil}, {"blood_pressure", "diastolic", nil, nil}}))
	items, _, err := w.chat.Thresholds(t.Context(), w.nurse, w.space)
	w.must(err)
	if len(items) != 2 || items[0].Component != "systolic" || *items[0].High != 160 || *items[1].Low != 60 {
		t.Errorf("the nurse reads %+v", items)
	}
	if _, gpMay, err := w.chat.Thresholds(t.Context(), w.gp, w.space); !gpMay || err != nil {
		t.Errorf("the médecin traitant may not set them: %v", err)
	}
	if items, may, err := w.chat.Thresholds(t.Context(), w.help, w.space); len(items) != 0 || may || err != nil {
		t.Errorf("the home help reads %v, %v, %v", items, may, err)
	}
	if _, _, err := w.chat.Thresholds(t.Context(), w.outsider, w.space); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("an outsider is answered %v", err)
	}
	if err := w.chat.SetThresholds(t.Context(), w.help, w.space, pressure); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("the home help sets them: %v", err)
	}
}

func TestThresholdsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for want, bad := range map[string]Threshold{
		"unknown_measure":       {"mood", "value", nil, bound(3)},
		"measure_out_of_bounds": {"blood_pressure", "systolic", nil, bound(1600)},
		"threshold_order":       {"body_weight", "value", bound(80), bound(70)},
	} {
		var invalid *Invalid
		if err := w.chat.SetThresholds(t.Context(), w.gp, w.space, []Threshold{bad}); !errors.As(err, &invalid) || invalid.Code != want {
			t.Errorf("%+v: %v, want %s", bad, err, want)
		}
	}
}

func TestThresholdsAreSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.chat.SetThresholds(t.Context(), w.gp, w.space, []Threshold{{"blood_pressure", "systolic", nil, bound(163)}}))
	var body []byte
	w.must(w.db.DB.Pool.QueryRow(t.Context(), "select coalesce((select body from thresholds), '')").Scan(&body))
	if len(body) != 0 {
		t.Fatal("row security lets nobody in particular read them")
	}
	w.must(w.gate.Read(t.Context(), w.gp, access.Space(w.space), "", func(g access.Grant) error {
		return g.Tx().QueryRow(t.Context(), "select body from thresholds").Scan(&body)
	}))
	if len(body) == 0 || bytes.Contains(body, []byte("163")) {
		t.Errorf("stored as %q", body)
	}
}
