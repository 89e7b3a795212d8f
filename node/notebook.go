package node

import (
	"context"
	"errors"

	"liaison/access"
	"liaison/chat"
	"liaison/teams"
)

// Notebook posts what the circles have to say in chat.
type Notebook struct{ *chat.Service }

// Tell posts a note about an emergency access. One that was posted with other words, when other people answered for the circle, told
// it all the same.
func (n Notebook) Tell(ctx context.Context, actor access.Actor, e teams.EmergencyNote) error {
	_, _, err := n.Post(ctx, actor, e.Channel, chat.Draft{
		ID: e.ID, Category: e.Category, Text: e.Text, Urgent: true, OnlyTo: e.OnlyTo, AskAll: len(e.OnlyTo) > 0,
	})
	if errors.Is(err, chat.ErrConflict) {
		return nil
	}
	return err
}
