package mobileapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"liaison/teams"
)

// InTeam names the circle of a path.
type InTeam struct {
	Team uuid.UUID `path:"team" format:"uuid"`
}

func (a *API) teams(ctx context.Context, _ *none) (*answer[page[teams.TeamItem]], error) {
	items, err := a.cfg.Teams.List(ctx, actorIn(ctx))
	if err != nil {
		return nil, err
	}
	counts, err := a.counts(ctx)
	if err != nil {
		return nil, err
	}
	alerts, err := a.cfg.Alerts.Counts(ctx, actorIn(ctx))
	if err != nil {
		return nil, err
	}
	for i := range items {
		items[i].OpenAlerts = alerts[items[i].ID]
	}
	teams.Arrange(items, counts)
	return &answer[page[teams.TeamItem]]{wholeList(items)}, nil
}

// counts brings to the circles what chat counts for the same eyes.
func (a *API) counts(ctx context.Context) (teams.Counts, error) {
	counted, err := a.cfg.Chat.Counts(ctx, actorIn(ctx))
	return func(channel uuid.UUID) teams.Count {
		c := counted[channel]
		return teams.Count{Unread: c.Unread, LastAt: c.LastAt}
	}, err
}

func (a *API) team(ctx context.Context, in *InTeam) (*answer[teams.Team], error) {
	team, err := a.cfg.Teams.Get(ctx, actorIn(ctx), in.Team)
	if err != nil {
		return nil, err
	}
	counts, err := a.counts(ctx)
	if err != nil {
		return nil, err
	}
	alerts, err := a.cfg.Alerts.Counts(ctx, actorIn(ctx))
	if err != nil {
		return nil, err
	}
	team.OpenAlerts = alerts[team.ID]
	team.Fill(counts)
	return &answer[teams.Team]{team}, nil
}

type memberInput struct {
	InTeam
	Body teams.NewMember
}

type memberAnswer struct {
	Status int
	Body   teams.Member
}

func (a *API) addMember(ctx context.Context, in *memberInput) (*memberAnswer, error) {
	member, isNew, err := a.cfg.Teams.AddMember(ctx, actorIn(ctx), in.Team, in.Body)
	if err != nil {
		return nil, err
	}
	return &memberAnswer{statusOf(isNew), member}, nil
}

// statusOf tells what was made from what had been.
func statusOf(isNew bool) int {
	if isNew {
		return http.StatusCreated
	}
	return http.StatusOK
}

// InMember names a member of a circle.
type InMember struct {
	InTeam
	Professional uuid.UUID `path:"professional" format:"uuid"`
}

func (a *API) endMember(ctx context.Context, in *InMember) (*none, error) {
	return done(a.cfg.Teams.EndMember(ctx, actorIn(ctx), in.Team, in.Professional))
}

func (a *API) will(ctx context.Context, in *InTeam) (*answer[page[teams.Will]], error) {
	facts, err := a.cfg.Teams.Will(ctx, actorIn(ctx), in.Team)
	return answered(wholeList(facts), err)
}

type willInput struct {
	InTeam
	Body teams.NewWill
}

type willAnswer struct {
	Status int
	Body   teams.Will
}

func (a *API) recordWill(ctx context.Context, in *willInput) (*willAnswer, error) {
	fact, isNew, err := a.cfg.Teams.RecordWill(ctx, actorIn(ctx), in.Team, in.Body)
	if err != nil {
		return nil, err
	}
	return &willAnswer{statusOf(isNew), fact}, nil
}
