package mobileapi

import (
	"context"

	"liaison/teams"
)

type openedDossier struct {
	Status int
	Body   teams.Opened
}

func (a *API) openDossier(ctx context.Context, in *struct{ Body teams.OpenRequest }) (*openedDossier, error) {
	opened, isNew, err := a.cfg.Teams.Open(ctx, actorIn(ctx), in.Body)
	if err != nil {
		return nil, err
	}
	return &openedDossier{statusOf(isNew), opened}, nil
}

type suggestInput struct {
	BirthDate string `query:"birth_date"`
	Name      string `query:"name"`
}

func (a *API) suggest(ctx context.Context, in *suggestInput) (*answer[page[teams.Suggestion]], error) {
	found, err := a.cfg.Teams.Suggest(ctx, actorIn(ctx), in.BirthDate, in.Name)
	return answered(wholeList(found), err)
}

type patchInput struct {
	InTeam
	Body teams.Patch
}

func (a *API) correctPatient(ctx context.Context, in *patchInput) (*answer[teams.Patient], error) {
	return answered(a.cfg.Teams.Correct(ctx, actorIn(ctx), in.Team, in.Body))
}

// lookAlike names the dossiers to those who stand in them; to the others it says whom to ask.
func lookAlike(lang string, alike *teams.LookAlike) *Problem {
	code := "look_alike:hidden"
	for _, c := range alike.Candidates {
		if c.Name != nil {
			code = "look_alike"
		}
	}
	p := newProblem(lang, code)
	p.Candidates = alike.Candidates
	return p
}
