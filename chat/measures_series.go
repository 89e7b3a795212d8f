package chat

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// MeasureCodes lists the measures in the order of their bits in the database; new ones go to the end.
var MeasureCodes = []string{
	"blood_pressure", "heart_rate", "body_temperature", "oxygen_saturation", "body_weight", "capillary_glucose", "respiratory_rate", "inr", "pain",
}

// measureWords are what people look for measures by.
var measureWords = map[string]string{
	"blood_pressure": "tension artérielle", "heart_rate": "pouls fréquence cardiaque", "body_temperature": "température",
	"oxygen_saturation": "saturation oxygène", "body_weight": "poids", "capillary_glucose": "glycémie capillaire",
	"respiratory_rate": "fréquence respiratoire", "inr": "INR", "pain": "douleur EVA EN",
}

func kindsOf(measures []Measure) (bits int32) {
	for _, m := range measures {
		bits |= kindBit(m.Code)
	}
	return bits
}

func kindBit(code string) int32 {
	if i := slices.Index(MeasureCodes, code); i >= 0 {
		return 1 << i
	}
	return 0
}

// Series is one measure of a patient over time, oldest first.
type Series struct {
	Code   string  `json:"code"`
	Points []Point `json:"points"`
}

// Point is one observation and the message it stands in. At is when its author wrote it down.
type Point struct {
	At         time.Time   `json:"at"`
	MessageID  uuid.UUID   `json:"message_id"`
	Author     Mention     `json:"author"`
	Components []Component `json:"components"`
	Context    string      `json:"context,omitempty"`
}

// SeriesRequest narrows to one code ("" for all) and a period: From included, To not.
type SeriesRequest struct {
	Code     string
	From, To time.Time
}

// seriesMost bounds the messages of one answer; of more, the newest are kept.
const seriesMost = 5000

// Measured is the series of a period, and the other notes of the same time: something may have happened then.
type Measured struct {
	Series []Series
	Notes  []OtherNote
}

// OtherNote is a note of the notebook that carries none of the measures asked for.
type OtherNote struct {
	At        time.Time `json:"at"`
	MessageID uuid.UUID `json:"message_id"`
	Urgent    bool      `json:"urgent"`
}

// Measures gives the measures of a circle's messages that the actor may read, in their present revision.
func (s *Service) Measures(ctx context.Context, actor access.Actor, team uuid.UUID, req SeriesRequest) (Measured, error) {
	kinds := int32(1)<<len(MeasureCodes) - 1
	if req.Code != "" {
		if kinds = kindBit(req.Code); kinds == 0 {
			return Measured{}, &Invalid{"code", "unknown_measure"}
		}
	}
	if req.To.IsZero() {
		req.To = access.Forever
	}
	var out Measured
	err := s.gate.Read(ctx, actor, access.Space(team), "measures.read", func(g access.Grant) error {
		rows, err := measureRows(ctx, g, kinds, req)
		if err != nil {
			return err
		}
		slices.Reverse(rows)
		if out.Series, err = s.series(ctx, g, rows, kinds); err != nil {
			return err
		}
		out.Notes, err = otherNotes(ctx, g, kinds, req)
		return err
	})
	return out, err
}

// otherNotesMost bounds the marks under a curve; of more, the newest are kept.
const otherNotesMost = 500

func otherNotes(ctx context.Context, g access.Grant, kinds int32, req SeriesRequest) ([]OtherNote, error) {
	args := g.VisibleArgs()
	args["kinds"], args["from"], args["to"], args["most"] = kinds, req.From, req.To, otherNotesMost
	rows, err := g.Tx().Query(ctx, `select m.written_at, m.id, m.urgent from messages m join channels c on c.id = m.channel_id and c.kind = 'notebook'
		where m.space_id = @space and m.thread_id is null and m.measure_kinds & @kinds = 0 and m.state <> 'withdrawn'
			and m.written_at >= @from and m.written_at < @to and `+access.VisibleWhere+` order by m.written_at desc, m.id desc limit @most`, args)
	if err != nil {
		return nil, fmt.Errorf("other notes: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OtherNote])
	for i := range out {
		out[i].At = out[i].At.UTC()
	}
	return out, err
}

const measuresSQL = "select " + messageColumns + ` from messages m where m.space_id = @space and m.measure_kinds <> 0 and m.measure_kinds & @kinds <> 0
	and m.state <> 'withdrawn' and m.written_at >= @from and m.written_at < @to and ` + access.VisibleWhere + `
	order by m.written_at desc, m.id desc limit @most`

func measureRows(ctx context.Context, g access.Grant, kinds int32, req SeriesRequest) ([]row, error) {
	args := g.VisibleArgs()
	args["kinds"], args["from"], args["to"], args["most"] = kinds, req.From, req.To, seriesMost
	rows, err := g.Tx().Query(ctx, measuresSQL, args)
	if err != nil {
		return nil, fmt.Errorf("measures: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[row])
}

func (s *Service) series(ctx context.Context, g access.Grant, rows []row, kinds int32) ([]Series, error) {
	names, err := s.people.of(ctx, g.Tx(), authorsOf(rows))
	if err != nil {
		return nil, err
	}
	points := map[string][]Point{}
	for _, r := range rows {
		said, err := s.unseal(ctx, r.Space, r.ID, r.Revision, r.Body)
		if err != nil {
			return nil, err
		}
		for _, m := range said.Measures {
			if kindBit(m.Code)&kinds == 0 {
				continue
			}
			points[m.Code] = append(points[m.Code], Point{
				r.WrittenAt.UTC(), r.ID, Mention{r.Author, names[r.Author].DisplayName}, m.Components, m.Context,
			})
		}
	}
	g.Note("count", len(rows))
	out := []Series{}
	for _, code := range MeasureCodes {
		if len(points[code]) > 0 {
			out = append(out, Series{code, points[code]})
		}
	}
	return out, nil
}
