package documents

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/google/uuid"

	"liaison/access"
)

// Progress is how far an upload has come: only what is durable counts.
type Progress struct{ Received, Size int64 }

// Standing tells its uploader (and, once it is in a message, its readers) how far a document has come.
func (s *Service) Standing(ctx context.Context, actor access.Actor, id uuid.UUID) (Progress, error) {
	var p Progress
	err := s.open(ctx, s.mark, actor, id, "document.standing", func(_ access.Grant, r record) error {
		p = Progress{r.Received, r.Size}
		return nil
	})
	return p, err
}

// Receive takes the bytes that follow offset, keeps them, and checks the whole file once it is there. A body that ends early
// is kept as far as it came (ErrCut). An empty body at the end asks for the check again.
func (s *Service) Receive(ctx context.Context, actor access.Actor, id uuid.UUID, offset, announced int64, body io.Reader) (Progress, error) {
	r, err := s.own(ctx, actor, id)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{r.Received, r.Size}
	switch {
	case offset != r.Received:
		return p, &OffsetMismatch{r.Received}
	case r.State == Rejected:
		return p, &Refused{*r.Refusal}
	case announced > r.Size-offset:
		return p, &Invalid{"Content-Length", "document_checksum"}
	case r.State == Ready:
		return p, nil
	case s.Bucket == nil:
		return p, ErrStorage
	case !s.uploads.TryAcquire(1):
		return p, ErrBusy
	}
	defer s.uploads.Release(1)
	// What came is kept whether or not its sender waits for the answer.
	err = s.receive(context.WithoutCancel(ctx), actor, &r, body)
	return Progress{r.Received, r.Size}, err
}

// own finds the document that its uploader sends.
func (s *Service) own(ctx context.Context, actor access.Actor, id uuid.UUID) (r record, err error) {
	err = s.open(ctx, s.mark, actor, id, "document.receive", func(_ access.Grant, found record) error {
		if found.Uploader != actor.Person {
			return access.ErrForbidden
		}
		r = found
		return nil
	})
	return r, err
}

func (s *Service) receive(ctx context.Context, actor access.Actor, r *record, body io.Reader) error {
	began := r.Received
	sum, err := s.progress(ctx, *r)
	if err != nil {
		return err
	}
	if r.Received < r.Size {
		if sum, err = s.transfer(ctx, actor, r, sum, body); err != nil {
			return errors.Join(err, s.journalPart(ctx, actor, r, began))
		}
		if r.Received < r.Size {
			return s.journalPart(ctx, actor, r, began)
		}
	}
	return s.complete(ctx, actor, r, sum, began)
}

// journalPart writes one line for a request that brought a part.
func (s *Service) journalPart(ctx context.Context, actor access.Actor, r *record, from int64) error {
	if r.Received == from {
		return nil
	}
	return s.Gate.Keep(ctx, actor, access.Space(r.Space), "document.receive", func(g access.Grant) error {
		g.Object(r.ID)
		g.Note("from", from)
		g.Note("to", r.Received)
		return nil
	})
}

// upload is one request's bytes on their way into chunks.
type upload struct {
	*Service
	r     *record
	sum   hash.Hash
	piece []byte // the chunk that fills
	at    int64  // everything read so far
	pipe  *pipeline
}

// transfer moves the body into the store. r.Received says, whatever happens, how far it durably came.
func (s *Service) transfer(ctx context.Context, actor access.Actor, r *record, sum hash.Hash, body io.Reader) (hash.Hash, error) {
	u := &upload{Service: s, r: r, sum: sum, at: r.Received, piece: newPiece()}
	if err := u.resume(ctx); err != nil {
		return nil, err
	}
	u.pipe = s.newPipeline(ctx, actor, *r)
	cut := u.read(ctx, body)
	var err error
	if r.Received, err = u.pipe.close(); err != nil {
		return nil, err
	}
	if err := u.keepTail(ctx, actor); err != nil {
		return nil, err
	}
	return sum, cut
}

func newPiece() []byte { return make([]byte, 0, chunkSize) }

// resume takes up the short last chunk that an earlier request left.
func (u *upload) resume(ctx context.Context) error {
	in := int(u.at % chunkSize)
	if in == 0 {
		return nil
	}
	tail, err := u.fetch(ctx, *u.r, u.r.tailKey(u.at), tailPlace(u.at), in)
	if err != nil {
		return fmt.Errorf("resume document %s: %w", u.r.ID, err)
	}
	u.piece = append(u.piece, tail...)
	return nil
}

// read fills chunks until the file is whole or the body ends.
func (u *upload) read(ctx context.Context, body io.Reader) error {
	for u.at < u.r.Size {
		room := min(int64(chunkSize-len(u.piece)), u.r.Size-u.at)
		start := len(u.piece)
		n, err := body.Read(u.piece[start : start+int(room)])
		u.piece = u.piece[:start+n]
		u.sum.Write(u.piece[start:])
		u.at += int64(n)
		if len(u.piece) == chunkSize || u.at == u.r.Size {
			if err := u.flush(ctx); err != nil {
				return nil // the pipeline holds what went wrong, and tells it when closed
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w (%w)", ErrCut, err)
		}
	}
	return nil
}

func (u *upload) flush(ctx context.Context) error {
	state, err := u.sealProgress(ctx, *u.r, u.at, u.sum)
	if err != nil {
		return err
	}
	full := u.piece
	u.piece = newPiece()
	return u.pipe.send(part{number: (u.at - 1) / chunkSize, plain: full, upTo: u.at, progress: state})
}

// keepTail keeps what is too short for a chunk.
func (u *upload) keepTail(ctx context.Context, actor access.Actor) error {
	if len(u.piece) == 0 || u.at == u.r.Received {
		return nil
	}
	if err := u.keep(ctx, *u.r, u.r.tailKey(u.at), tailPlace(u.at), u.piece); err != nil {
		return err
	}
	state, err := u.sealProgress(ctx, *u.r, u.at, u.sum)
	if err != nil {
		return err
	}
	return u.advance(ctx, actor, u.r, u.at, state)
}
