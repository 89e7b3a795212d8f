package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// addPersonal adds what depends on the viewer: the replies she may read under each root, how far her own messages got.
func (s *Service) addPersonal(ctx context.Context, g access.Grant, rows []row, items []Message) error {
	if err := s.addReplies(ctx, g, rows, items); err != nil {
		return err
	}
	return addReceipts(ctx, g, rows, items)
}

func (s *Service) addReplies(ctx context.Context, g access.Grant, rows []row, items []Message) error {
	at := map[uuid.UUID]int{}
	var roots []uuid.UUID
	for i, r := range rows {
		if r.Thread == nil {
			roots = append(roots, r.ID)
			at[r.ID] = i
		}
	}
	if len(roots) == 0 {
		return nil
	}
	args := g.VisibleArgs()
	args["roots"] = roots
	found, err := g.Tx().Query(ctx, `select m.thread_id, count(*), count(*) filter (where m.position > coalesce(k.position, 0) and m.author_id <> @actor),
			max(m.created_at), array_agg(distinct m.author_id)
		from messages m left join read_marks k on k.person_id = @actor and k.channel_id = @channel
		where m.thread_id = any (@roots) and `+access.VisibleWhere+` group by m.thread_id`, args)
	if err != nil {
		return fmt.Errorf("replies: %w", err)
	}
	var authors [][]uuid.UUID
	var places []int
	for found.Next() {
		var root uuid.UUID
		var r Replies
		var who []uuid.UUID
		if err := found.Scan(&root, &r.Count, &r.Unread, &r.LastAt, &who); err != nil {
			return err
		}
		r.LastAt = r.LastAt.UTC()
		items[at[root]].Replies = &r
		authors, places = append(authors, who), append(places, at[root])
	}
	if err := found.Err(); err != nil {
		return err
	}
	return s.nameReplies(ctx, g, authors, places, items)
}

func (s *Service) nameReplies(ctx context.Context, g access.Grant, authors [][]uuid.UUID, places []int, items []Message) error {
	var all []uuid.UUID
	for _, a := range authors {
		all = append(all, a...)
	}
	names, err := s.people.of(ctx, g.Tx(), all)
	if err != nil {
		return err
	}
	for i, place := range places {
		items[place].Replies.Authors = []string{}
		for _, id := range authors[i] {
			items[place].Replies.Authors = append(items[place].Replies.Authors, names[id].DisplayName)
		}
	}
	return nil
}

// addReceipts counts, for the viewer's own messages, whom they reached out of those who may read them now.
func addReceipts(ctx context.Context, g access.Grant, rows []row, items []Message) error {
	at := map[uuid.UUID]int{}
	var own []uuid.UUID
	for i, r := range rows {
		if r.Author == g.Actor().Person {
			own = append(own, r.ID)
			at[r.ID] = i
		}
	}
	if len(own) == 0 {
		return nil
	}
	standings, err := g.StandingsIn(ctx)
	if err != nil {
		return err
	}
	for _, id := range own {
		items[at[id]].Receipts = &ReceiptCount{Of: readersOf(standings, rows[at[id]])}
	}
	found, err := g.Tx().Query(ctx, "select message_id, person_id, seen_at is not null from receipts where message_id = any ($1)", own)
	if err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	var id, person uuid.UUID
	var seen bool
	_, err = pgx.ForEachRow(found, []any{&id, &person, &seen}, func() error {
		// Who read and has left is named in the list of readers, and is not among those still counted.
		if s, stands := standings[person]; stands && s.Visible(rows[at[id]].facts()) {
			items[at[id]].Receipts.add(seen)
		}
		return nil
	})
	return err
}

func (c *ReceiptCount) add(seen bool) {
	c.Delivered++
	if seen {
		c.Seen++
	}
}

func readersOf(standings map[uuid.UUID]access.Standing, r row) int {
	n := 0
	for person, s := range standings {
		if person != r.Author && s.Visible(r.facts()) {
			n++
		}
	}
	return n
}
