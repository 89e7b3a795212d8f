package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// Threshold is a value beyond which a measure of one patient is flagged to those who read it, in the measure's own unit. A
// bound that is nil flags nothing. It alerts nobody.
type Threshold struct {
	Code      string   `json:"code"`
	Component string   `json:"component"`
	Low       *float64 `json:"low" nullable:"true"`
	High      *float64 `json:"high" nullable:"true"`
}

// thresholdReaders may know them: they bear on what is medical or nursing.
const thresholdReaders = access.Medical | access.Nursing

// Thresholds gives those of a patient, in the order of their codes; none to who reads neither what is medical nor nursing.
func (s *Service) Thresholds(ctx context.Context, actor access.Actor, team uuid.UUID) (items []Threshold, maySet bool, err error) {
	err = s.gate.Read(ctx, actor, access.Space(team), "thresholds.read", func(g access.Grant) (err error) {
		items, err = s.thresholdsIn(ctx, g)
		maySet = g.Can(access.SetAlertRules) && g.Standing().Reads&thresholdReaders != 0
		g.Note("count", len(items))
		return err
	})
	return items, maySet, err
}

func (s *Service) thresholdsIn(ctx context.Context, g access.Grant) ([]Threshold, error) {
	items := []Threshold{}
	if g.Standing().Reads&thresholdReaders == 0 {
		return items, nil
	}
	var id uuid.UUID
	var body []byte
	err := g.Tx().QueryRow(ctx, "select id, body from thresholds where space_id = $1 order by set_at desc, id desc limit 1", g.Space()).Scan(&id, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return items, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read thresholds: %w", err)
	}
	raw, err := s.keys.Unseal(ctx, g.Space(), id, 1, body)
	if err != nil {
		return nil, fmt.Errorf("open thresholds: %w", err)
	}
	return items, json.Unmarshal(raw, &items)
}

// SetThresholds changes the named ones and leaves the others; both bounds nil takes one away. What was set before is kept.
func (s *Service) SetThresholds(ctx context.Context, actor access.Actor, team uuid.UUID, changes []Threshold) error {
	for _, t := range changes {
		if code := checkThreshold(t); code != "" {
			return &Invalid{"items", code}
		}
	}
	return s.gate.Write(ctx, actor, access.Space(team), "thresholds.set", func(g access.Grant) error {
		if !g.Can(access.SetAlertRules) || g.Standing().Reads&thresholdReaders == 0 {
			return access.ErrForbidden
		}
		now, err := s.thresholdsIn(ctx, g)
		if err != nil {
			return err
		}
		return s.keepThresholds(ctx, g, merged(now, changes))
	})
}

func (s *Service) keepThresholds(ctx context.Context, g access.Grant, items []Threshold) error {
	raw, err := json.Marshal(items)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	body, err := s.keys.Seal(ctx, g.Space(), id, 1, raw)
	if err != nil {
		return err
	}
	g.Object(id)
	g.Note("count", len(items))
	g.Queue("insert into thresholds (id, space_id, body, set_by, set_at) values ($1, $2, $3, $4, $5)", id, g.Space(), body, g.Actor().Person, g.At())
	return nil
}

func merged(now, changes []Threshold) []Threshold {
	out := slices.DeleteFunc(slices.Clone(now), func(t Threshold) bool {
		return slices.ContainsFunc(changes, func(c Threshold) bool { return c.Code == t.Code && c.Component == t.Component })
	})
	for _, c := range changes {
		if c.Low != nil || c.High != nil {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b Threshold) int { return strings.Compare(a.Code+a.Component, b.Code+b.Component) })
	return out
}

// checkThreshold gives the code of what is wrong, or "": a bound that no measure could reach warns of nothing.
func checkThreshold(t Threshold) string {
	for _, b := range Bounds[t.Code] {
		if b.Component != t.Component {
			continue
		}
		for _, value := range []*float64{t.Low, t.High} {
			if value != nil && !(b.Min <= *value && *value <= b.Max) {
				return "measure_out_of_bounds"
			}
		}
		if t.Low != nil && t.High != nil && *t.Low >= *t.High {
			return "threshold_order"
		}
		return ""
	}
	return "unknown_measure"
}
