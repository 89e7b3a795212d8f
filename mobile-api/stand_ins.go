package mobileapi

import (
	"context"

	"github.com/google/uuid"

	"liaison/teams"
)

type standInAnswer struct {
	Status int
	Body   teams.StandIn
}

func (a *API) standIns(ctx context.Context, _ *none) (*answer[page[teams.StandIn]], error) {
	list, err := a.cfg.Teams.StandIns(ctx, actorIn(ctx))
	return answered(wholeList(list), err)
}

func (a *API) addStandIn(ctx context.Context, in *struct{ Body teams.NewStandIn }) (*standInAnswer, error) {
	standIn, isNew, err := a.cfg.Teams.AddStandIn(ctx, actorIn(ctx), in.Body)
	if err != nil {
		return nil, err
	}
	return &standInAnswer{statusOf(isNew), standIn}, nil
}

// InStandIn names a stand-in.
type InStandIn struct {
	StandIn uuid.UUID `path:"stand_in" format:"uuid"`
}

func (a *API) endStandIn(ctx context.Context, in *InStandIn) (*none, error) {
	return done(a.cfg.Teams.EndStandIn(ctx, actorIn(ctx), in.StandIn))
}
