package mobileapi

import (
	"context"

	"liaison/chat"
)

type syncInput struct {
	Cursor string `query:"cursor" doc:"Where the last answer ended; without it, where everything stands."`
}

func (a *API) sync(ctx context.Context, in *syncInput) (*answer[chat.Sync], error) {
	return answered(a.cfg.Chat.Sync(ctx, actorIn(ctx), in.Cursor))
}
