package mobileapi

import (
	"context"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/accounts"
	"liaison/matrices"
	"liaison/professions"
)

// MatrixRow is what a profession at a seat ("*": at any) may do with each category: letters r, w and a, or - for none.
type MatrixRow struct {
	System    string            `json:"system" example:"TRE_G15"`
	Code      string            `json:"code" example:"60"`
	Seat      string            `json:"seat" example:"*"`
	Label     string            `json:"label"`
	MaskClass string            `json:"mask_class" enum:"ps,psocial,pt"`
	Cells     map[string]string `json:"cells"`
	// Speciality is left out of a row for any.
	Speciality string `json:"speciality,omitempty" example:"SM42" doc:"The row is for this speciality (TRE_R38) of the profession; left out, for any."`
}

// MatrixAction is one thing that a profession ("*" of "*": all) at a seat may do.
type MatrixAction struct {
	Action string `json:"action"`
	System string `json:"system"`
	Code   string `json:"code"`
	Seat   string `json:"seat"`
}

// MatrixException takes a type of documents from a profession ("*" of "*": all) at a seat ("*": any), whatever its row gives.
type MatrixException struct {
	DocumentType string `json:"document_type" example:"68599-0"`
	System       string `json:"system"`
	Code         string `json:"code"`
	Seat         string `json:"seat"`
}

// MatrixTables are the tables of a matrix.
type MatrixTables struct {
	Rows       []MatrixRow       `json:"rows"`
	Actions    []MatrixAction    `json:"actions"`
	Policy     []MatrixNeed      `json:"policy,omitempty" doc:"Which facts of the patient's will a place needs to give what it gives. Left out of a change, it stays as it is; an empty list leaves the law's floor: a place founded on consent gives nothing before one."`
	Exceptions []MatrixException `json:"exceptions,omitempty" doc:"Types of documents that some do not read. Left out of a change, they stay as they are; an empty list takes all away."`
}

// MatrixNeed makes what places give wait for a fact: those on a basis ("*": on any but an emergency), held by a profession ("*" of "*":
// any), give these categories only while it is recorded.
type MatrixNeed struct {
	Basis      string `json:"basis" example:"care_team_3"`
	System     string `json:"system"`
	Code       string `json:"code"`
	Needs      string `json:"needs" example:"consent" doc:"information, non_opposition or consent."`
	Categories string `json:"categories" example:"medical medication" doc:"Codes with spaces between; * for everything."`
}

// MatrixVersion is a published version.
type MatrixVersion struct {
	Version     int                 `json:"version"`
	PublishedAt time.Time           `json:"published_at"`
	PublishedBy *professions.Person `json:"published_by" doc:"Null for the one a territory starts with."`
	Comment     string              `json:"comment"`
}

// WholeMatrix is a version with its tables.
type WholeMatrix struct {
	MatrixVersion
	MatrixTables
	Progress *MatrixProgress `json:"progress,omitempty" doc:"Of the present version: how many circles follow it already."`
}

// MatrixProgress counts circles.
type MatrixProgress struct {
	Spaces int `json:"spaces"`
	Done   int `json:"done"`
}

// MatrixDraft is a version that somebody works at.
type MatrixDraft struct {
	ID          uuid.UUID          `json:"id"`
	BasedOn     int                `json:"based_on"`
	Revision    int                `json:"revision"`
	Comment     string             `json:"comment"`
	Author      professions.Person `json:"author"`
	CreatedAt   time.Time          `json:"created_at"`
	UpdatedAt   time.Time          `json:"updated_at"`
	Simulation  *MatrixSimulation  `json:"simulation" doc:"Null until the draft was simulated as it now is."`
	SimulatedAt *time.Time         `json:"simulated_at"`
}

// WholeDraft is a draft with its tables.
type WholeDraft struct {
	MatrixDraft
	MatrixTables
}

// MatrixSimulation is what publishing would change: counts, and some professionals by name; never a patient.
type MatrixSimulation struct {
	matrices.Simulation
	Professions []SimulatedProfession `json:"professions"`
	Examples    []SimulatedPerson     `json:"examples"`
}

// SimulatedProfession is what changes for a profession.
type SimulatedProfession struct {
	matrices.ProfessionChange
	Label string `json:"label"`
}

// SimulatedPerson is somebody whose rights change, and in how many circles.
type SimulatedPerson struct {
	Professional professions.Person `json:"professional"`
	Teams        int                `json:"teams"`
	Gains        []matrices.Right   `json:"gains"`
	Losses       []matrices.Right   `json:"losses"`
}

// shownPeople turns ids into people; somebody who is not there any more has no name.
func (a *API) shownPeople(ctx context.Context, ids []uuid.UUID) (func(uuid.UUID) professions.Person, error) {
	found, err := a.cfg.Accounts.Professionals(ctx, ids)
	return func(id uuid.UUID) professions.Person {
		p, known := found[id]
		if !known {
			p = accounts.Professional{ID: id}
		}
		return person(p)
	}, err
}

func (a *API) matrix(ctx context.Context, _ *none) (*answer[WholeMatrix], error) {
	v, progress, err := a.cfg.Matrices.Present(ctx)
	if err != nil {
		return nil, err
	}
	out, err := a.wholeMatrix(ctx, v)
	out.Progress = &MatrixProgress{progress.Spaces, progress.Done}
	return answered(out, err)
}

func (a *API) matrixVersions(ctx context.Context, _ *none) (*answer[page[MatrixVersion]], error) {
	list, err := a.cfg.Matrices.Versions(ctx, actorIn(ctx))
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, v := range list {
		ids = append(ids, v.PublishedBy)
	}
	who, err := a.shownPeople(ctx, ids)
	items := make([]MatrixVersion, len(list))
	for i, v := range list {
		items[i] = shownVersion(v, who)
	}
	return answered(wholeList(items), err)
}

func shownVersion(v matrices.Version, who func(uuid.UUID) professions.Person) MatrixVersion {
	out := MatrixVersion{Version: v.Number, PublishedAt: v.PublishedAt, Comment: v.Comment}
	if v.PublishedBy != uuid.Nil {
		by := who(v.PublishedBy)
		out.PublishedBy = &by
	}
	return out
}

// InVersion names a version.
type InVersion struct {
	Version int `path:"version"`
}

func (a *API) matrixVersion(ctx context.Context, in *InVersion) (*answer[WholeMatrix], error) {
	v, err := a.cfg.Matrices.Version(ctx, actorIn(ctx), in.Version)
	if err != nil {
		return nil, err
	}
	return answered(a.wholeMatrix(ctx, v))
}

func (a *API) wholeMatrix(ctx context.Context, v matrices.Version) (WholeMatrix, error) {
	who, err := a.shownPeople(ctx, []uuid.UUID{v.PublishedBy})
	if err != nil {
		return WholeMatrix{}, err
	}
	tables, err := shownTables(v.Tables)
	return WholeMatrix{MatrixVersion: shownVersion(v, who), MatrixTables: tables}, err
}

func shownTables(t matrices.Tables) (MatrixTables, error) {
	rows, err := t.Read()
	out := MatrixTables{
		Rows: make([]MatrixRow, len(rows.Categories)), Actions: make([]MatrixAction, len(rows.Actions)),
		Exceptions: make([]MatrixException, len(rows.Exceptions)), Policy: make([]MatrixNeed, len(rows.Policy)),
	}
	for i, row := range rows.Categories {
		out.Rows[i] = MatrixRow(row)
	}
	for i, row := range rows.Actions {
		out.Actions[i] = MatrixAction(row)
	}
	for i, row := range rows.Exceptions {
		out.Exceptions[i] = MatrixException(row)
	}
	for i, row := range rows.Policy {
		out.Policy[i] = MatrixNeed(row)
	}
	return out, err
}

// tables refuses a category that is none: it would be lost without a word.
func (t MatrixTables) tables() (matrices.Tables, error) {
	out := matrices.Rows{Categories: make([]matrices.Row, len(t.Rows)), Actions: make([]matrices.Action, len(t.Actions))}
	for i, row := range t.Rows {
		for category := range row.Cells {
			if _, known := access.ParseCategory(category); !known {
				return matrices.Tables{}, &access.TableFault{Table: access.TableCategories, Line: i + 2, Column: category, Code: "unknown_column", Value: category}
			}
		}
		out.Categories[i] = matrices.Row(row)
	}
	for i, row := range t.Actions {
		out.Actions[i] = matrices.Action(row)
	}
	if t.Exceptions != nil {
		out.Exceptions = []matrices.Exception{}
	}
	for _, row := range t.Exceptions {
		out.Exceptions = append(out.Exceptions, matrices.Exception(row))
	}
	if t.Policy != nil {
		out.Policy = []matrices.Need{}
	}
	for _, row := range t.Policy {
		out.Policy = append(out.Policy, matrices.Need(row))
	}
	return matrices.Write(out), nil
}
