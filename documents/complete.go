package documents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"

	"liaison/access"
)

// verdict is what became of a whole file.
type verdict struct {
	refusal   string
	mediaType string
	picture   *picture
}

// complete checks a file that is wholly there. What cannot be checked now (store or scanner out of reach) stays as it is, and
// is checked when its uploader asks again; a refusal is final.
func (s *Service) complete(ctx context.Context, actor access.Actor, r *record, sum hash.Hash, from int64) error {
	d, err := s.describedIn(ctx, *r)
	if err != nil {
		return err
	}
	v, err := s.judge(ctx, *r, d, sum)
	if err != nil {
		return errors.Join(err, s.journalPart(ctx, actor, r, from))
	}
	settled, err := s.settle(ctx, actor, r, v, from)
	if err != nil || !settled {
		return err
	}
	leftovers := r.folder() + "tail-"
	if v.refusal != "" {
		leftovers = r.folder()
	}
	if err := s.removeAll(ctx, leftovers); err != nil {
		s.Log.WarnContext(ctx, "leftovers of an upload stay", "document", r.ID, "error", err)
	}
	if v.refusal != "" {
		return &Refused{v.refusal}
	}
	return nil
}

// judge gives a verdict, or an error when none can be given now.
func (s *Service) judge(ctx context.Context, r record, d description, sum hash.Hash) (verdict, error) {
	v := verdict{mediaType: typeOfName(d.Name)}
	announced, err := d.sum()
	if err != nil {
		return v, fmt.Errorf("announced sum: %w", err)
	}
	if !bytes.Equal(sum.Sum(nil), announced) {
		v.refusal = refusedSum
		return v, nil
	}
	err = s.inspect(ctx, r, &v)
	if err == nil {
		err = s.scan(ctx, r)
	}
	var refused *Refused
	if errors.As(err, &refused) {
		v.refusal = refused.Code
		return v, nil
	}
	return v, err
}

func (s *Service) inspect(ctx context.Context, r record, v *verdict) error {
	f := inspected{s.file(ctx, r), r.Size}
	if err := checkType(f, v.mediaType); err != nil {
		return err
	}
	if decoders[v.mediaType].decode == nil {
		return nil
	}
	if err := checkLocation(f, v.mediaType); err != nil {
		return err
	}
	_, weight, err := dimensions(f, v.mediaType)
	if err != nil {
		return err
	}
	if err := s.pixels.Acquire(ctx, weight); err != nil {
		return err
	}
	defer s.pixels.Release(weight)
	p, err := decode(f, v.mediaType)
	v.picture = &p
	return err
}

func (s *Service) scan(ctx context.Context, r record) error {
	if s.Scanner == nil {
		return nil
	}
	whole := s.stream(ctx, r, 0, r.Size)
	defer whole.Close()
	found, err := s.Scanner.Scan(ctx, whole)
	switch {
	case err != nil:
		return err
	case found:
		return &Refused{refusedInfected}
	}
	return nil
}

// settle writes the verdict, durably, unless another request already has.
func (s *Service) settle(ctx context.Context, actor access.Actor, r *record, v verdict, from int64) (settled bool, err error) {
	state, refusal := Ready, (*string)(nil)
	var width, height *int
	if v.refusal != "" {
		state, refusal = Rejected, &v.refusal
	} else if v.picture != nil {
		width, height = &v.picture.width, &v.picture.height
		if err := s.keepThumbnail(ctx, *r, v.picture.thumbnail); err != nil {
			return false, err
		}
	}
	err = s.Gate.Keep(ctx, actor, access.Space(r.Space), "document.complete", func(g access.Grant) error {
		g.Object(r.ID)
		g.Note("from", from)
		g.Note("to", r.Received)
		g.Note("state", state)
		if refusal != nil {
			g.Note("code", *refusal)
		}
		tag, err := g.Tx().Exec(ctx, `update documents set state = $2, refusal = $3, media_type = $4, width = $5, height = $6, thumbnail = $7,
			xid = pg_current_xact_id() where id = $1 and state = 'receiving' and received = size and message_id is null`,
			r.ID, state, refusal, v.mediaType, width, height, width != nil)
		if err != nil {
			return fmt.Errorf("settle document: %w", err)
		}
		settled = tag.RowsAffected() == 1
		return nil
	})
	return settled, err
}

// keepThumbnail puts the thumbnail; one of an earlier try, whatever made it, is of the same picture.
func (s *Service) keepThumbnail(ctx context.Context, r record, thumbnail []byte) error {
	err := s.keep(ctx, r, r.thumbnailKey(), place(thumbnailPart, 0, true), thumbnail)
	var differs *Refused
	if errors.As(err, &differs) {
		return nil
	}
	return err
}
