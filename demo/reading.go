package demo

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/chat"
)

// read has everybody read what was written, but for the last few messages.
func (l *loader) read(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for login := range l.people {
		if login == last {
			continue
		}
		g.Go(func() error {
			if err := l.readAs(ctx, login); err != nil {
				return fmt.Errorf("reading of %s: %w", login, err)
			}
			return nil
		})
	}
	return g.Wait()
}

func (l *loader) readAs(ctx context.Context, login string) error {
	who := l.actor(login)
	mine, err := l.Teams.List(ctx, who)
	if err != nil {
		return err
	}
	for _, t := range mine {
		for _, c := range t.Channels {
			page, err := l.Chat.List(ctx, who, c.ID, chat.PageRequest{Limit: 200})
			if err != nil {
				return err
			}
			if err := l.mark(ctx, who, page.Items, chance(4, login, t.Patient.ID.String(), c.Kind)); err != nil {
				return err
			}
		}
	}
	return nil
}

// mark leaves that many messages of the others unread, the newest; they reached a device.
func (l *loader) mark(ctx context.Context, who access.Actor, newestFirst []chat.Message, unread int) error {
	read := false
	var receipts []chat.Receipt
	for _, m := range newestFirst {
		others := m.Author.ID != who.Person && m.State != chat.Withdrawn
		if !read && (!others || unread == 0) {
			read = true
			if err := l.Chat.MarkRead(ctx, who, m.ChannelID, m.ID); err != nil {
				return err
			}
		}
		if others {
			unread--
			receipts = append(receipts, chat.Receipt{MessageID: m.ID, State: stateOf(read)})
		}
	}
	if len(receipts) == 0 {
		return nil
	}
	return l.Chat.Receive(ctx, who, receipts)
}

func stateOf(read bool) string {
	if read {
		return chat.Seen
	}
	return chat.Delivered
}
