package mobileapi

import (
	"context"

	"liaison/access"
	"liaison/doctypes"
	"liaison/professions"
)

// categoryWords are the rubriques as people read them.
var categoryWords = map[string]words{
	"medical":        {"Médical", "Medical"},
	"medication":     {"Traitements", "Medication"},
	"nursing":        {"Soins", "Nursing and allied care"},
	"psychological":  {"Psychologie et comportement", "Psychology and behaviour"},
	"functional":     {"Autonomie et mobilité", "Independence and mobility"},
	"daily_life":     {"Vie quotidienne", "Daily life"},
	"social":         {"Social", "Social"},
	"administrative": {"Administratif et droits", "Administrative and rights"},
	"organisation":   {"Organisation", "Organisation"},
}

// Category is one rubrique.
type Category struct {
	Code  string `json:"code"`
	Label string `json:"label"`
}

func (a *API) categories(ctx context.Context, _ *none) (*answer[[]Category], error) {
	list := make([]Category, 0, len(access.CategoryCodes))
	for _, code := range access.CategoryCodes {
		list = append(list, Category{code, categoryWords[code].in(langIn(ctx))})
	}
	return &answer[[]Category]{list}, nil
}

// ProfessionChoice is a profession as an administrator chooses it for somebody.
type ProfessionChoice struct {
	System string `json:"system"`
	Code   string `json:"code"`
	Label  string `json:"label"`
}

func (a *API) professions(ctx context.Context, _ *none) (*answer[[]ProfessionChoice], error) {
	lang := langIn(ctx)
	list := []ProfessionChoice{}
	for _, p := range professions.All() {
		list = append(list, ProfessionChoice{p.System, p.Code, choiceLabel(p, lang)})
	}
	return &answer[[]ProfessionChoice]{list}, nil
}

// SpecialityChoice is a speciality, and the profession it is of.
type SpecialityChoice struct {
	Code       string         `json:"code"`
	Label      string         `json:"label"`
	Profession ProfessionCode `json:"profession"`
}

func (a *API) specialities(ctx context.Context, _ *none) (*answer[[]SpecialityChoice], error) {
	list := []SpecialityChoice{}
	for _, s := range professions.Specialities() {
		list = append(list, SpecialityChoice{s.Code, professions.SpecialityIn(langIn(ctx), s.Code), ProfessionCode{s.System, s.Profession}})
	}
	return &answer[[]SpecialityChoice]{list}, nil
}

// DocumentType is a national type of documents, and the group it is listed under.
type DocumentType struct {
	Code  string `json:"code"`
	Group string `json:"group" enum:"summary,report,letter,prescription,results,assessment,plan,social,administrative,patient"`
	Label string `json:"label"`
}

func (a *API) documentTypes(ctx context.Context, _ *none) (*answer[[]DocumentType], error) {
	list := []DocumentType{}
	for _, t := range doctypes.All() {
		list = append(list, DocumentType{t.Code, t.Group, doctypes.LabelIn(langIn(ctx), t.Code)})
	}
	return &answer[[]DocumentType]{list}, nil
}

// choiceLabel names both genders: nobody is chosen yet.
func choiceLabel(p professions.Profession, lang string) string {
	switch {
	case lang == english:
		return p.English
	case p.Feminine == p.Masculine:
		return p.Feminine
	}
	return p.Feminine + ", " + p.Masculine
}

type findInput struct {
	PageInput
	Q string `query:"q" doc:"The beginning of names, in any order, or of a login."`
}

func (a *API) professionals(ctx context.Context, in *findInput) (*answer[page[professions.Person]], error) {
	from, err := after(ctx, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Accounts.Find(ctx, in.Q, in.limit(), from)
	items := make([]professions.Person, 0, len(found.Items))
	for _, p := range found.Items {
		items = append(items, person(p))
	}
	return answered(page[professions.Person]{items, cursorOf(found.Next)}, err)
}
