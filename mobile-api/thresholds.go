package mobileapi

import (
	"context"

	"liaison/chat"
)

// Thresholds are the values beyond which a patient's measures are flagged.
type Thresholds struct {
	Items  []chat.Threshold `json:"items"`
	MaySet bool             `json:"may_set"`
}

func (a *API) thresholds(ctx context.Context, in *InTeam) (*answer[Thresholds], error) {
	items, maySet, err := a.cfg.Chat.Thresholds(ctx, actorIn(ctx), in.Team)
	return answered(Thresholds{items, maySet}, err)
}

type thresholdsInput struct {
	InTeam
	Body struct {
		Items []chat.Threshold `json:"items" maxItems:"40"`
	}
}

func (a *API) setThresholds(ctx context.Context, in *thresholdsInput) (*struct{}, error) {
	return nil, a.cfg.Chat.SetThresholds(ctx, actorIn(ctx), in.Team, in.Body.Items)
}
