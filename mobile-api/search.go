package mobileapi

import (
	"context"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/chat"
	"liaison/teams"
)

const kindPatient = "patient"

type searchInput struct {
	PageInput
	Query    string `query:"q" doc:"Words, all of which are held; at most 200 characters. Case, accents and endings do not count."`
	Kind     string `query:"kind" doc:"message, patient or document; all of them without."`
	Team     string `query:"team"`
	Author   string `query:"author"`
	Category string `query:"category"`
	NoteType string `query:"note_type"`
	From     string `query:"from" doc:"An instant; what is found was posted then or later."`
	To       string `query:"to" doc:"An instant; what is found was posted before."`
}

// SearchTeam is the circle something was found in.
type SearchTeam struct {
	ID      uuid.UUID     `json:"id"`
	Patient teams.Patient `json:"patient"`
}

// SearchItem is a patient, a message, or a document with the message it is attached to.
type SearchItem struct {
	Kind     string              `json:"kind" enum:"patient,message,document"`
	Team     SearchTeam          `json:"team"`
	Message  *chat.Message       `json:"message,omitempty"`
	Document *chat.Document      `json:"document,omitempty"`
	Snippet  []chat.SnippetPiece `json:"snippet" doc:"The part of the text that holds most of the words; of a patient, nothing."`
}

// SearchPage is a page of what was found: patients first, then messages and documents, newest first.
type SearchPage struct {
	Items    []SearchItem `json:"items"`
	Next     *string      `json:"next" doc:"The cursor of the next page; null on the last."`
	Complete bool         `json:"complete" doc:"Everything posted when the search began was looked at."`
}

func (a *API) search(ctx context.Context, in *searchInput) (*answer[SearchPage], error) {
	actor := actorIn(ctx)
	if wait := a.limits.search(actor.Person); wait > 0 {
		return nil, newProblem(langIn(ctx), "too_many_attempts").after(wait)
	}
	req, err := in.search(ctx)
	if err != nil {
		return nil, err
	}
	if err := chat.CheckQuery(req.Query); err != nil {
		return nil, err
	}
	name := ""
	if in.findsPatients() {
		name = in.Query
	}
	page, err := a.found(ctx, actor, name, req)
	return answered(page, err)
}

// found asks both features, and puts together what each shows of the same circles.
func (a *API) found(ctx context.Context, actor access.Actor, name string, req chat.Search) (page SearchPage, err error) {
	found := chat.Found{Complete: true}
	var empty error // words too common to find messages by may still begin a name
	if req.Kind != kindPatient {
		if found, err = a.cfg.Chat.Search(ctx, actor, req); err != nil {
			if invalid, ok := chat.IsInvalid(err); !ok || invalid.Code != "search_empty" || name == "" {
				return page, err
			}
			empty, found = err, chat.Found{Complete: true}
		}
	}
	circles := make([]uuid.UUID, len(found.Items))
	for i, item := range found.Items {
		circles[i] = item.Space
	}
	named, patients, err := a.cfg.Teams.Look(ctx, actor, name, circles)
	if err != nil {
		return page, err
	}
	if empty != nil && len(named) == 0 {
		return page, empty
	}
	return SearchPage{searchItems(named, patients, found.Items), found.Next, found.Complete}, nil
}

func searchItems(named []teams.Suggestion, patients map[uuid.UUID]teams.Patient, found []chat.FoundItem) []SearchItem {
	items := []SearchItem{}
	for _, s := range named {
		items = append(items, SearchItem{Kind: kindPatient, Team: SearchTeam{s.TeamID, s.Patient}, Snippet: []chat.SnippetPiece{}})
	}
	for i := range found {
		f := &found[i]
		// Who lost the circle between the two looks is shown nothing of it.
		if p, stands := patients[f.Space]; stands {
			items = append(items, SearchItem{f.Kind, SearchTeam{f.Space, p}, &f.Message, f.Document, f.Snippet})
		}
	}
	return items
}

// findsPatients: on the first page, unless something only messages have was asked for.
func (in *searchInput) findsPatients() bool {
	if in.Cursor != "" || (in.Kind != "" && in.Kind != kindPatient) {
		return false
	}
	return in.Team == "" && in.Author == "" && in.Category == "" && in.NoteType == "" && in.From == "" && in.To == ""
}

func (in *searchInput) search(ctx context.Context) (chat.Search, error) {
	req := chat.Search{Query: in.Query, Kind: in.Kind, Category: in.Category, NoteType: in.NoteType, Cursor: in.Cursor, Limit: in.Limit}
	var faults []fieldFault
	req.Team, faults = idIn(in.Team, "team", faults)
	req.Author, faults = idIn(in.Author, "author", faults)
	req.From, faults = instantIn(in.From, "from", faults)
	req.To, faults = instantIn(in.To, "to", faults)
	if len(faults) > 0 {
		return req, fieldProblem(langIn(ctx), faults...)
	}
	return req, nil
}

func idIn(text, field string, faults []fieldFault) (uuid.UUID, []fieldFault) {
	if text == "" {
		return uuid.Nil, faults
	}
	id, err := uuid.Parse(text)
	if err != nil {
		faults = append(faults, fieldFault{field, "invalid_id"})
	}
	return id, faults
}

func instantIn(text, field string, faults []fieldFault) (time.Time, []fieldFault) {
	if text == "" {
		return time.Time{}, faults
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() > 9998 {
		faults = append(faults, fieldFault{field, "invalid_value"})
	}
	return at, faults
}

type measuresInput struct {
	InTeam
	Code string `query:"code" doc:"One measure; all of them without."`
	From string `query:"from" doc:"An instant; it is included."`
	To   string `query:"to" doc:"An instant; it is not included."`
}

// Measured is the measures of a circle over time.
type Measured struct {
	Items []chat.Series    `json:"items"`
	Next  *string          `json:"next" doc:"Always null: one answer holds all."`
	Notes []chat.OtherNote `json:"notes" doc:"The other notes of the same time."`
}

func (a *API) measures(ctx context.Context, in *measuresInput) (*answer[Measured], error) {
	req := chat.SeriesRequest{Code: in.Code}
	var faults []fieldFault
	req.From, faults = instantIn(in.From, "from", faults)
	req.To, faults = instantIn(in.To, "to", faults)
	if len(faults) > 0 {
		return nil, fieldProblem(langIn(ctx), faults...)
	}
	found, err := a.cfg.Chat.Measures(ctx, actorIn(ctx), in.Team, req)
	return answered(Measured{Items: found.Series, Notes: found.Notes}, err)
}
