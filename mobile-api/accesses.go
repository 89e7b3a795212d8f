package mobileapi

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"liaison/professions"
	"liaison/teams"
)

// AccessItem is one access to the data of a patient, by one person; a note delivered to five people is five.
type AccessItem struct {
	Line         uuid.UUID           `json:"line" doc:"Its line in the journal; several people may share one."`
	At           time.Time           `json:"at"`
	Professional *professions.Person `json:"professional" doc:"Null: the service itself."`
	Workplace    *string             `json:"workplace"`
	Address      *string             `json:"address" doc:"The network it came from."`
	Kind         string              `json:"kind" enum:"list,read,search,download,write,alert,push,circle,refused"`
	Verb         string              `json:"verb"`
	Refused      bool                `json:"refused"`
	ActingFor    []string            `json:"acting_for" doc:"Names of the structures and people through whom she was there."`
	What         string              `json:"what" doc:"A sentence in the reader's language, that follows the name."`
	Count        *int                `json:"count" doc:"Of how many notes or documents, where that is known."`
}

// AccessFilter chooses accesses.
type AccessFilter struct {
	Person string `query:"person"`
	Kind   string `query:"kind" enum:"list,read,search,download,write,alert,push,circle,refused"`
	From   string `query:"from" doc:"An instant; what is told was then or later."`
	To     string `query:"to" doc:"An instant; what is told was before."`
}

type accessesInput struct {
	InTeam
	PageInput
	AccessFilter
}

func (a *API) accesses(ctx context.Context, in *accessesInput) (*answer[page[AccessItem]], error) {
	req, err := in.query(ctx)
	if err != nil {
		return nil, err
	}
	var ok bool
	if req.Before, ok = accessMarkOf(in.Cursor); !ok {
		return nil, newProblem(langIn(ctx), "cursor_invalid")
	}
	req.Limit = in.limit()
	found, err := a.cfg.Teams.Accesses(ctx, actorIn(ctx), in.Team, req)
	if err != nil {
		return nil, err
	}
	items := make([]AccessItem, len(found.Items))
	for i, one := range found.Items {
		items[i] = accessItem(langIn(ctx), one)
	}
	list := wholeList(items)
	list.Next = cursorOfAccess(found.Next)
	return answered(list, nil)
}

func (in *AccessFilter) query(ctx context.Context) (req teams.AccessQuery, err error) {
	var faults []fieldFault
	req.Person, faults = idIn(in.Person, "person", faults)
	req.From, faults = instantIn(in.From, "from", faults)
	req.To, faults = instantIn(in.To, "to", faults)
	if len(faults) > 0 {
		return req, fieldProblem(langIn(ctx), faults...)
	}
	switch in.Kind {
	case "":
	case accessRefused:
		req.Outcome = teams.AccessRefused
	default:
		req.Outcome, req.Verbs = teams.AccessDone, verbsOf(in.Kind)
	}
	return req, nil
}

func accessItem(lang string, one teams.Accessed) AccessItem {
	kind := wordOf(one.Verb).kind
	if one.Refused {
		kind = accessRefused
	}
	return AccessItem{
		Line: one.Line, At: one.At.UTC(), Professional: one.Professional, Workplace: orNull(one.WorkplaceName), Address: orNull(one.Address),
		Kind: kind, Verb: one.Verb, Refused: one.Refused, What: accessSentence(lang, one), Count: one.Count,
		ActingFor: append([]string{}, one.For...),
	}
}

// A cursor of accesses is where the page ended.
func cursorOfAccess(m *teams.AccessMark) *string {
	if m == nil {
		return nil
	}
	raw := binary.BigEndian.AppendUint64(nil, uint64(m.At.UnixMicro()))
	raw = append(append(raw, m.Line[:]...), m.Person[:]...)
	text := base64.RawURLEncoding.EncodeToString(raw)
	return &text
}

func accessMarkOf(cursor string) (*teams.AccessMark, bool) {
	if cursor == "" {
		return nil, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != 8+16+16 {
		return nil, false
	}
	return &teams.AccessMark{
		At: time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC(), Line: uuid.UUID(raw[8:24]), Person: uuid.UUID(raw[24:]),
	}, true
}
