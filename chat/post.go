package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/events"
	"liaison/professions"
)

// ErrBusy answers a post when too many wait already: come back shortly, nothing was written.
var ErrBusy = errors.New("too many posts wait to be written")

const (
	laneQueue = 1024
	batchMost = 64
)

// lane is a queue of posts of the channels that share it, written by one worker, as many in a transaction as wait.
type lane struct {
	in chan *post
}

func newLane() *lane { return &lane{in: make(chan *post, laneQueue)} }

// post is one draft on its way, and its answer.
type post struct {
	checked
	actor   access.Actor
	channel uuid.UUID
	past    time.Time // set when a history is loaded
	replay  bool
	message Message
	err     error
	done    chan struct{}
}

// Post writes a message durably and gives it as its author sees it; replay says that it had been posted before. The same id
// with other content, or by somebody else, is ErrConflict. Refused like absent: access.ErrNotFound.
func (s *Service) Post(ctx context.Context, actor access.Actor, channel uuid.UUID, d Draft) (m Message, replay bool, err error) {
	return s.post(ctx, actor, channel, d, time.Time{})
}

// PostPast loads a message of a history that was kept elsewhere: as Post, but created when it was (the demo's weeks). Rights
// are those of now. Load a channel's messages in their order.
func (s *Service) PostPast(ctx context.Context, actor access.Actor, channel uuid.UUID, d Draft, at time.Time) (Message, error) {
	m, _, err := s.post(ctx, actor, channel, d, at.UTC().Truncate(time.Microsecond))
	return m, err
}

func (s *Service) post(ctx context.Context, actor access.Actor, channel uuid.UUID, d Draft, past time.Time) (m Message, replay bool, err error) {
	c, err := check(d)
	if err != nil {
		return Message{}, false, err
	}
	p := &post{checked: c, actor: actor, channel: channel, past: past, done: make(chan struct{})}
	select {
	case s.laneOf(channel).in <- p:
	default:
		return Message{}, false, ErrBusy
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		return Message{}, false, ctx.Err()
	}
	if p.err == nil && p.replay {
		p.message, p.err = s.One(ctx, actor, d.ID)
	}
	return p.message, p.replay, p.err
}

func (s *Service) laneOf(channel uuid.UUID) *lane { return s.lanes[int(channel[15])%len(s.lanes)] }

// work writes batches until ctx ends, then what still waits.
func (s *Service) work(ctx context.Context, l *lane) {
	for {
		select {
		case p := <-l.in:
			s.write(l.gather(p))
		case <-ctx.Done():
			for {
				select {
				case p := <-l.in:
					s.write(l.gather(p))
				default:
					return
				}
			}
		}
	}
}

func (l *lane) gather(first *post) []*post {
	posts := []*post{first}
	for len(posts) < batchMost {
		select {
		case p := <-l.in:
			posts = append(posts, p)
		default:
			return posts
		}
	}
	return posts
}

// writeTimeout bounds a transaction that nobody waits for any more.
const writeTimeout = 10 * time.Second

// write commits the posts together; if that fails, one by one, so that one bad post harms no other.
func (s *Service) write(posts []*post) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if err := s.writeBatch(ctx, posts); err != nil {
		if len(posts) > 1 {
			for _, p := range posts {
				s.write([]*post{p})
			}
			return
		}
		posts[0].err = err
	}
	for _, p := range posts {
		close(p.done)
	}
}

// batch is what one transaction writes.
type batch struct {
	posts   []*post
	names   map[uuid.UUID]professions.Person
	located map[uuid.UUID]located
	members map[uuid.UUID]map[uuid.UUID]bool // by channel, where a draft names people
	first   map[uuid.UUID]*post
	files   attaching
	rows    []row
	prints  [][]byte
	at      time.Time
}

// located is where a message lives and what it shows of itself, whoever asks.
type located struct {
	id, channel uuid.UUID
	thread      *uuid.UUID
	facts       access.Facts
	fingerprint []byte
}

func (s *Service) writeBatch(ctx context.Context, posts []*post) error {
	b := &batch{posts: posts, files: attaching{Files: s.Files}}
	return s.gate.WriteTogether(ctx, b.claims(), b.look, func(t access.Together) error { return s.decide(ctx, t, b) })
}

func namedIn(posts []*post) []uuid.UUID {
	var ids []uuid.UUID
	for _, p := range posts {
		ids = append(ids, p.actor.Person)
		ids = append(ids, p.Mentions...)
	}
	return ids
}

func (b *batch) claims() []access.Claim {
	claims := make([]access.Claim, len(b.posts))
	for i, p := range b.posts {
		claims[i] = access.Claim{Actor: p.actor, Channel: p.channel, Verb: "message.post", Object: p.ID}
	}
	return claims
}

// look asks under the locks which ids are taken, what the threads' roots show, who sits in the circles where people are named,
// and which documents may be attached.
func (b *batch) look(q *pgx.Batch) {
	b.located, b.members, b.first = map[uuid.UUID]located{}, map[uuid.UUID]map[uuid.UUID]bool{}, map[uuid.UUID]*post{}
	b.rows, b.prints = nil, nil
	var ids, channels []uuid.UUID
	for _, p := range b.posts {
		ids = append(ids, p.ID)
		if p.ThreadID != uuid.Nil {
			ids = append(ids, p.ThreadID)
		}
		if len(p.OnlyTo)+len(p.Mentions) > 0 {
			channels = append(channels, p.channel)
		}
	}
	q.Queue(`select id, channel_id, thread_id, category, masks, only_to, author_id, created_at, document_types, fingerprint from locate_messages($1)`, ids).
		Query(b.scanLocated)
	if len(channels) > 0 {
		q.Queue("select channel_id, person_id from circle_members($1)", channels).Query(b.scanMembers)
	}
	b.files.look(q, b.posts)
}

func (b *batch) scanLocated(rows pgx.Rows) error {
	for rows.Next() {
		var l located
		if err := rows.Scan(&l.id, &l.channel, &l.thread, &l.facts.Category, &l.facts.Masks, &l.facts.OnlyTo, &l.facts.Author,
			&l.facts.CreatedAt, &l.facts.Types, &l.fingerprint); err != nil {
			return err
		}
		b.located[l.id] = l
	}
	return rows.Err()
}

func (b *batch) scanMembers(rows pgx.Rows) error {
	for rows.Next() {
		var channel, person uuid.UUID
		if err := rows.Scan(&channel, &person); err != nil {
			return err
		}
		if b.members[channel] == nil {
			b.members[channel] = map[uuid.UUID]bool{}
		}
		b.members[channel][person] = true
	}
	return rows.Err()
}

// decide admits or refuses each post, then queues one insert for those admitted.
func (s *Service) decide(ctx context.Context, t access.Together, b *batch) (err error) {
	if b.names, err = s.people.of(ctx, t.Tx(), namedIn(b.posts)); err != nil {
		return err
	}
	for i, p := range b.posts {
		p.err, p.replay = nil, false
		g := t.Grants[i]
		if !g.Allowed() {
			p.err = access.ErrNotFound
			continue
		}
		if err := s.admit(ctx, g, b, p); err != nil {
			code := codeOf(err)
			if code == "" {
				return err
			}
			p.err = err
			t.Refused(i, code)
		}
		if p.replay {
			t.Quiet(i)
		}
	}
	insertMessages(t, b.rows, b.prints)
	b.files.attach(t)
	return s.raise(ctx, t, b)
}

// raise raises the alerts of the urgent messages among those admitted. A history that is loaded alerts nobody.
func (s *Service) raise(ctx context.Context, t access.Together, b *batch) error {
	for i, p := range b.posts {
		if !p.Urgent || !p.past.IsZero() || p.err != nil || p.replay {
			continue
		}
		m := p.message
		f := access.Facts{Category: p.category, Masks: p.masks, OnlyTo: p.OnlyTo, Author: p.actor.Person, CreatedAt: m.CreatedAt, Types: typesOf(m.Documents)}
		if err := s.Alerts.Raise(ctx, t, t.Grants[i], p.ID, f, p.AskAll); err != nil {
			return fmt.Errorf("raise alert: %w", err)
		}
	}
	return nil
}

// codeOf names an answer to the author; "" is a fault of ours.
func codeOf(err error) string {
	var invalid *Invalid
	switch {
	case errors.As(err, &invalid):
		return invalid.Code
	case errors.Is(err, ErrConflict):
		return "id_conflict"
	case errors.Is(err, ErrCategory):
		return "category_not_writable"
	default:
		return ""
	}
}

func (s *Service) admit(ctx context.Context, g access.Grant, b *batch, p *post) error {
	content := p.content()
	if done, err := s.posted(ctx, g, b, p, content); done || err != nil {
		return err
	}
	if g.Standing().Writes&p.category == 0 {
		return ErrCategory
	}
	root, err := b.rootOf(g, p)
	if err != nil {
		return err
	}
	if err := b.checkNames(p); err != nil {
		return err
	}
	if err := b.files.check(g, p); err != nil {
		return err
	}
	return s.accept(ctx, g, b, p, root, content)
}

// posted recognises what was posted before, in the database or earlier in this very batch.
func (s *Service) posted(ctx context.Context, g access.Grant, b *batch, p *post, content []byte) (bool, error) {
	if twin, ok := b.first[p.ID]; ok {
		if twin.actor.Person != p.actor.Person || string(twin.content()) != string(content) {
			return true, ErrConflict
		}
		p.replay = true
		return true, nil
	}
	was, ok := b.located[p.ID]
	if !ok {
		return false, nil
	}
	if was.facts.Author != p.actor.Person || was.channel != p.channel {
		return true, ErrConflict
	}
	same, err := s.keys.SameFingerprint(ctx, g.Space(), was.fingerprint, content)
	if err != nil {
		return true, err
	}
	if !same {
		return true, ErrConflict
	}
	p.replay = true
	return true, nil
}

// content is what makes two posts the same; the phone's clock does not.
func (p *post) content() []byte {
	d := p.Draft
	d.WrittenAt = time.Time{}
	raw, err := json.Marshal(struct {
		Channel uuid.UUID
		Draft
	}{p.channel, d})
	if err != nil {
		panic(fmt.Sprintf("a checked draft does not encode: %v", err))
	}
	return raw
}

// rootOf finds the root of the thread; one the author does not read is as unknown as one that does not exist.
func (b *batch) rootOf(g access.Grant, p *post) (*access.Facts, error) {
	if p.ThreadID == uuid.Nil {
		return nil, nil
	}
	root, ok := b.located[p.ThreadID]
	if !ok || root.channel != p.channel || root.thread != nil || !g.Standing().Visible(root.facts) {
		return nil, &Invalid{"thread_id", "thread_unknown"}
	}
	return &root.facts, nil
}

func (b *batch) checkNames(p *post) error {
	for _, id := range p.OnlyTo {
		if !b.members[p.channel][id] {
			return &Invalid{"only_to", "only_to_unknown"}
		}
	}
	for _, id := range p.Mentions {
		if !b.members[p.channel][id] {
			return &Invalid{"mentions", "mention_unknown"}
		}
	}
	return nil
}

// accept seals the message, takes its position and makes its frame.
func (s *Service) accept(ctx context.Context, g access.Grant, b *batch, p *post, root *access.Facts, content []byte) error {
	documents, err := b.files.shown(ctx, p)
	if err != nil {
		return err
	}
	said := body{Text: p.Text, Measures: p.Measures, Documents: documents}
	for _, id := range p.Mentions {
		said.Mentions = append(said.Mentions, Mention{id, b.names[id].DisplayName})
	}
	sealed, err := s.seal(ctx, g.Space(), p.ID, 1, said)
	if err != nil {
		return err
	}
	print, err := s.keys.Fingerprint(ctx, g.Space(), content)
	if err != nil {
		return err
	}
	r := b.row(g, p, sealed)
	r.Types = typesOf(documents)
	p.message = view(r, said, b.names[p.actor.Person], g.Standing())
	frame, err := deliverable(events.MessageCreated, p.message, r.facts(), root)
	if err != nil {
		return err
	}
	e, err := g.Append(p.channel, events.Event{Type: events.MessageCreated, Message: p.ID, Local: frame})
	if err != nil {
		return err
	}
	r.Position = e.Position
	b.first[p.ID] = p
	b.files.take(p, r.CreatedAt)
	b.rows, b.prints = append(b.rows, r), append(b.prints, print)
	return nil
}

func (b *batch) row(g access.Grant, p *post, sealed []byte) row {
	r := row{
		ID: p.ID, Space: g.Space(), Channel: p.channel, Author: p.actor.Person, Category: p.category, Masks: p.masks, OnlyTo: p.OnlyTo,
		Urgent: p.Urgent, State: Posted, Revision: 1, Body: sealed, CreatedAt: b.tick(g.At()),
		Kinds: kindsOf(p.Measures),
	}
	if !p.past.IsZero() {
		r.CreatedAt = p.past
	}
	r.WrittenAt = writtenAt(p.WrittenAt, r.CreatedAt)
	if p.ThreadID != uuid.Nil {
		r.Thread = &p.ThreadID
	}
	if p.NoteType != "" {
		r.NoteType = &p.NoteType
	}
	return r
}

// tick gives each post of the batch an instant of its own, so that creation times follow positions.
func (b *batch) tick(now time.Time) time.Time {
	if !now.After(b.at) {
		now = b.at.Add(time.Microsecond)
	}
	b.at = now
	return now.UTC()
}
