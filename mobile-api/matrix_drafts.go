package mobileapi

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/matrices"
	"liaison/professions"
)

func (a *API) matrixDrafts(ctx context.Context, _ *none) (*answer[page[MatrixDraft]], error) {
	list, err := a.cfg.Matrices.Drafts(ctx, actorIn(ctx))
	if err != nil {
		return nil, err
	}
	items, err := a.shownDrafts(ctx, list...)
	return answered(wholeList(items), err)
}

func (a *API) shownDrafts(ctx context.Context, list ...matrices.Draft) ([]MatrixDraft, error) {
	var ids []uuid.UUID
	for _, d := range list {
		ids = append(ids, d.Author)
		if d.Simulation != nil {
			for _, one := range d.Simulation.Examples {
				ids = append(ids, one.Person)
			}
		}
	}
	who, err := a.shownPeople(ctx, ids)
	if err != nil {
		return nil, err
	}
	items := make([]MatrixDraft, len(list))
	for i, d := range list {
		items[i] = MatrixDraft{
			ID: d.ID, BasedOn: d.BasedOn, Revision: d.Revision, Comment: d.Comment, Author: who(d.Author), CreatedAt: d.CreatedAt,
			UpdatedAt: d.UpdatedAt, Simulation: shownSimulation(langIn(ctx), d.Simulation, who), SimulatedAt: d.SimulatedAt,
		}
	}
	return items, nil
}

func shownSimulation(lang string, s *matrices.Simulation, who func(uuid.UUID) professions.Person) *MatrixSimulation {
	if s == nil {
		return nil
	}
	out := &MatrixSimulation{Simulation: *s, Professions: []SimulatedProfession{}, Examples: []SimulatedPerson{}}
	for _, p := range s.Professions {
		out.Professions = append(out.Professions, SimulatedProfession{p, professions.LabelIn(lang, p.System, p.Code, "")})
	}
	for _, e := range s.Examples {
		out.Examples = append(out.Examples, SimulatedPerson{who(e.Person), e.Teams, e.Gains, e.Losses})
	}
	return out
}

func (a *API) wholeDraft(ctx context.Context, d matrices.Draft, err error) (*answer[WholeDraft], error) {
	if err != nil {
		return nil, err
	}
	shown, err := a.shownDrafts(ctx, d)
	if err != nil {
		return nil, err
	}
	tables, err := shownTables(d.Tables)
	return answered(WholeDraft{shown[0], tables}, err)
}

type newDraftInput struct {
	Body struct {
		ID          uuid.UUID `json:"id"`
		FromVersion int       `json:"from_version,omitempty" doc:"The present version when left out."`
		Comment     string    `json:"comment,omitempty"`
	}
}

func (a *API) newMatrixDraft(ctx context.Context, in *newDraftInput) (*answer[WholeDraft], error) {
	comment, err := comment(ctx, in.Body.Comment)
	if err != nil {
		return nil, err
	}
	d, err := a.cfg.Matrices.NewDraft(ctx, actorIn(ctx), in.Body.ID, in.Body.FromVersion, comment)
	return a.wholeDraft(ctx, d, err)
}

// comment is text of one line or several, bounded.
func comment(ctx context.Context, text string) (string, error) {
	text = strings.TrimSpace(text)
	if len([]rune(text)) > matrices.MaxComment {
		return "", fieldProblem(langIn(ctx), fieldFault{"comment", "text_too_long"})
	}
	return text, nil
}

// InDraft names a draft.
type InDraft struct {
	Draft uuid.UUID `path:"draft"`
}

func (a *API) matrixDraft(ctx context.Context, in *InDraft) (*answer[WholeDraft], error) {
	d, err := a.cfg.Matrices.Draft(ctx, actorIn(ctx), in.Draft)
	return a.wholeDraft(ctx, d, err)
}

type changeDraftInput struct {
	InDraft
	IfMatch string `header:"If-Match" doc:"The revision that is changed."`
	Body    struct {
		MatrixTables
		Comment string `json:"comment"`
	}
}

func (a *API) changeMatrixDraft(ctx context.Context, in *changeDraftInput) (*answer[WholeDraft], error) {
	tables, err := in.Body.tables()
	if err != nil {
		return nil, err
	}
	return a.changeDraft(ctx, in.Draft, in.IfMatch, tables, in.Body.Comment)
}

type importDraftInput struct {
	InDraft
	IfMatch string `header:"If-Match" doc:"The revision that is changed."`
	Body    struct {
		Categories string `json:"categories" doc:"The table of categories, as CSV."`
		Actions    string `json:"actions" doc:"The table of actions, as CSV."`
		Exceptions string `json:"exceptions,omitempty" doc:"The table of exceptions by type of document, as CSV; left out, it stays as it is."`
		Policy     string `json:"policy,omitempty" doc:"The table of policy, as CSV; left out, it stays as it is."`
		Comment    string `json:"comment"`
	}
}

func (a *API) importMatrixDraft(ctx context.Context, in *importDraftInput) (*answer[WholeDraft], error) {
	return a.changeDraft(ctx, in.Draft, in.IfMatch, matrices.Tables{
		Categories: in.Body.Categories, Actions: in.Body.Actions, Exceptions: in.Body.Exceptions, Policy: in.Body.Policy,
	}, in.Body.Comment)
}

func (a *API) changeDraft(ctx context.Context, id uuid.UUID, ifMatch string, tables matrices.Tables, said string) (*answer[WholeDraft], error) {
	revision, err := revisionIn(ctx, ifMatch)
	if err != nil {
		return nil, err
	}
	said, err = comment(ctx, said)
	if err != nil {
		return nil, err
	}
	d, err := a.cfg.Matrices.Change(ctx, actorIn(ctx), id, revision, tables, said)
	return a.wholeDraft(ctx, d, err)
}

func (a *API) discardMatrixDraft(ctx context.Context, in *InDraft) (*none, error) {
	return done(a.cfg.Matrices.Discard(ctx, actorIn(ctx), in.Draft))
}

func (a *API) simulateMatrixDraft(ctx context.Context, in *InDraft) (*answer[WholeDraft], error) {
	d, err := a.cfg.Matrices.Simulate(ctx, actorIn(ctx), in.Draft)
	return a.wholeDraft(ctx, d, err)
}

// PublishedVersion is the number of the version that holds from now on.
type PublishedVersion struct {
	Version int `json:"version"`
}

type publishInput struct {
	InDraft
	Body struct {
		Comment string `json:"comment"`
	}
}

func (a *API) publishMatrixDraft(ctx context.Context, in *publishInput) (*answer[PublishedVersion], error) {
	said, err := comment(ctx, in.Body.Comment)
	if err != nil {
		return nil, err
	}
	if said == "" {
		return nil, fieldProblem(langIn(ctx), fieldFault{"comment", "reason_required"})
	}
	number, err := a.cfg.Matrices.Publish(ctx, actorIn(ctx), in.Draft, said)
	return answered(PublishedVersion{number}, err)
}

// InTable names one of the tables.
type InTable struct {
	Table string `query:"table" enum:"categories,actions,exceptions,policy"`
}

func (in InTable) file(t matrices.Tables, name string) *fileAnswer {
	text := t.Categories
	switch in.Table {
	case access.TableActions:
		text = t.Actions
	case access.TableExceptions:
		if text = t.Exceptions; text == "" { // published before there were any
			text = strings.Join(access.ExceptionColumns, ",") + "\n"
		}
	case access.TablePolicy:
		text = cmp.Or(t.Policy, access.DefaultPolicy())
	default:
		in.Table = access.TableCategories
	}
	return attached("text/csv; charset=utf-8", "matrix-"+name+"-"+in.Table+".csv", []byte(text))
}

func (a *API) matrixVersionTable(ctx context.Context, in *struct {
	InVersion
	InTable
},
) (*fileAnswer, error) {
	v, err := a.cfg.Matrices.Version(ctx, actorIn(ctx), in.Version)
	return in.file(v.Tables, strconv.Itoa(v.Number)), err
}

func (a *API) matrixDraftTable(ctx context.Context, in *struct {
	InDraft
	InTable
},
) (*fileAnswer, error) {
	d, err := a.cfg.Matrices.Draft(ctx, actorIn(ctx), in.Draft)
	return in.file(d.Tables, "draft"), err
}
