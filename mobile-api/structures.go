package mobileapi

import (
	"context"

	"github.com/google/uuid"

	"liaison/teams"
)

type structuresInput struct {
	PageInput
	Q string `query:"q" doc:"Beginnings of words of the name or town."`
}

func (a *API) structures(ctx context.Context, in *structuresInput) (*answer[page[teams.StructureItem]], error) {
	from, err := after(ctx, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Teams.Structures(ctx, in.Q, in.limit(), from)
	return answered(page[teams.StructureItem]{found.Items, cursorOf(found.Next)}, err)
}

func (a *API) adminStructures(ctx context.Context, in *structuresInput) (*answer[page[teams.AdminStructure]], error) {
	from, err := after(ctx, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Teams.AdminStructures(ctx, actorIn(ctx), in.Q, in.limit(), from)
	list := wholeList(found.Items)
	list.Next = cursorOf(found.Next)
	return answered(list, err)
}

type adminStructureAnswer struct {
	Status int
	Body   teams.AdminStructure
}

func (a *API) makeStructure(ctx context.Context, in *struct{ Body teams.NewStructure }) (*adminStructureAnswer, error) {
	made, isNew, err := a.cfg.Teams.MakeStructure(ctx, actorIn(ctx), in.Body)
	if err != nil {
		return nil, err
	}
	return &adminStructureAnswer{statusOf(isNew), made}, nil
}

// InStructure names a structure.
type InStructure struct {
	Structure uuid.UUID `path:"structure" format:"uuid"`
}

func (a *API) adminStructure(ctx context.Context, in *InStructure) (*answer[teams.StructureDetail], error) {
	return answered(a.cfg.Teams.AdminStructure(ctx, actorIn(ctx), in.Structure))
}

type correctStructureInput struct {
	InStructure
	Body teams.StructureFields
}

func (a *API) correctStructure(ctx context.Context, in *correctStructureInput) (*answer[teams.AdminStructure], error) {
	return answered(a.cfg.Teams.CorrectStructure(ctx, actorIn(ctx), in.Structure, in.Body))
}

type joinInput struct {
	InStructure
	Body teams.NewBelonging
}

type belongingAnswer struct {
	Status int
	Body   teams.Belonging
}

func (a *API) joinStructure(ctx context.Context, in *joinInput) (*belongingAnswer, error) {
	joined, isNew, err := a.cfg.Teams.JoinStructure(ctx, actorIn(ctx), in.Structure, in.Body)
	if err != nil {
		return nil, err
	}
	return &belongingAnswer{statusOf(isNew), joined}, nil
}

type leaveInput struct {
	InStructure
	Belonging uuid.UUID `path:"belonging" format:"uuid"`
	Until     string    `query:"until" doc:"An instant to come, earlier than the end there is; without it, now."`
}

func (a *API) leaveStructure(ctx context.Context, in *leaveInput) (*none, error) {
	until, faults := instantIn(in.Until, "until", nil)
	if len(faults) > 0 {
		return nil, fieldProblem(langIn(ctx), faults...)
	}
	return done(a.cfg.Teams.LeaveStructure(ctx, actorIn(ctx), in.Structure, in.Belonging, orNull(until)))
}

type structurePlaceInput struct {
	InTeam
	Body teams.NewStructurePlace
}

type structurePlaceAnswer struct {
	Status int
	Body   teams.StructurePlace
}

func (a *API) addStructure(ctx context.Context, in *structurePlaceInput) (*structurePlaceAnswer, error) {
	place, isNew, err := a.cfg.Teams.AddStructure(ctx, actorIn(ctx), in.Team, in.Body)
	if err != nil {
		return nil, err
	}
	return &structurePlaceAnswer{statusOf(isNew), place}, nil
}

type endStructureInput struct {
	InTeam
	InStructure
}

func (a *API) endStructure(ctx context.Context, in *endStructureInput) (*none, error) {
	return done(a.cfg.Teams.EndStructure(ctx, actorIn(ctx), in.Team, in.Structure))
}
