package documents

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"liaison/access"
)

// part is a chunk on its way to the store, and what is true once it is there.
type part struct {
	number   int64
	plain    []byte
	upTo     int64
	progress []byte
	stored   chan error
}

// pipeline seals and puts a few chunks at a time, and counts them in their order: what counts as received has no hole.
type pipeline struct {
	s      *Service
	ctx    context.Context
	actor  access.Actor
	r      record // as it was when the request came
	mark   record // as it stands, of the one that counts alone until close
	parts  chan *part
	broken atomic.Bool
	done   sync.WaitGroup
	err    error
}

const (
	partsAhead = 8 // of one upload, beside the one that fills
	// Steps of the database are as far apart as that, so that it does not bound a transfer.
	commitBytes = 16 << 20
	commitAfter = 2 * time.Second
)

func (s *Service) newPipeline(ctx context.Context, actor access.Actor, r record) *pipeline {
	p := &pipeline{s: s, ctx: ctx, actor: actor, r: r, mark: r, parts: make(chan *part, partsAhead)}
	p.done.Go(p.count)
	return p
}

// send hands a chunk over; it waits while enough are under way, and fails once one has failed.
func (p *pipeline) send(one part) error {
	if p.broken.Load() {
		return ErrStorage
	}
	one.stored = make(chan error, 1)
	p.parts <- &one
	if err := p.s.chunks.Acquire(p.ctx, 1); err != nil {
		one.stored <- err
		return err
	}
	go func() {
		defer p.s.chunks.Release(1)
		one.stored <- p.s.keep(p.ctx, p.r, p.r.chunkKey(one.number), p.r.chunkPlace(one.number), one.plain)
	}()
	return nil
}

// count follows the chunks in their order and moves the mark behind those that are stored.
func (p *pipeline) count() {
	var last *part
	counted := time.Now()
	for one := range p.parts {
		err := <-one.stored
		one.plain = nil
		if p.err != nil {
			continue
		}
		if err != nil {
			p.fail(err)
			continue
		}
		last = one
		if one.upTo-p.mark.Received >= commitBytes || one.upTo == p.mark.Size || time.Since(counted) >= commitAfter {
			counted = time.Now()
			if err := p.s.advance(p.ctx, p.actor, &p.mark, one.upTo, one.progress); err != nil {
				p.fail(err)
			}
		}
	}
	// What is stored counts, even when what followed failed.
	if last != nil && last.upTo > p.mark.Received && !isOvertaken(p.err) {
		if err := p.s.advance(p.ctx, p.actor, &p.mark, last.upTo, last.progress); err != nil && p.err == nil {
			p.err = err
		}
	}
}

func (p *pipeline) fail(err error) {
	p.err = err
	p.broken.Store(true)
}

// close waits for what is under way, and gives how far the document durably came and the first failure.
func (p *pipeline) close() (received int64, err error) {
	close(p.parts)
	p.done.Wait()
	return p.mark.Received, p.err
}

// advance moves the mark from where this request knows it: two requests at once never both count.
func (s *Service) advance(ctx context.Context, actor access.Actor, r *record, upTo int64, progress []byte) error {
	var stands int64
	err := s.Gate.Keep(ctx, actor, access.Space(r.Space), "", func(g access.Grant) error {
		tag, err := g.Tx().Exec(ctx, `update documents set received = $2, progress = $3, xid = pg_current_xact_id()
			where id = $1 and received = $4 and state = 'receiving' and message_id is null and expires_at > statement_timestamp()`,
			r.ID, upTo, progress, r.Received)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 1 {
			stands = upTo
			return nil
		}
		found, err := visible(ctx, g, r.ID)
		stands = found.Received
		return err
	})
	if err != nil {
		return err
	}
	if r.Received = stands; stands != upTo {
		return &OffsetMismatch{stands}
	}
	return nil
}

func isOvertaken(err error) bool {
	_, overtaken := err.(*OffsetMismatch)
	return overtaken
}
