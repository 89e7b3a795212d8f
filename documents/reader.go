package documents

import (
	"context"
	"io"
)

// Stream is a whole file or a part of it, in the clear. It must be closed.
type Stream = io.ReadCloser

// readAhead is how many chunks of one reader are fetched or wait: a store answers several questions faster than one.
const readAhead = 6

// fetched is a chunk that arrived, or why not.
type fetched struct {
	plain []byte
	err   error
}

// stream reads bytes from to (exclusive), chunk by chunk, a few ahead of its reader.
type stream struct {
	cancel context.CancelFunc
	queue  chan chan fetched
	skip   int
	left   int64
	plain  []byte
	err    error
}

func (s *Service) stream(ctx context.Context, r record, from, to int64) *stream {
	ctx, cancel := context.WithCancel(ctx)
	// One is in the reader's hands and one is about to be fetched: the queue holds the others.
	st := &stream{cancel: cancel, queue: make(chan chan fetched, readAhead-2), skip: int(from % chunkSize), left: to - from}
	go s.fetchAhead(ctx, r, from/chunkSize, (to-1)/chunkSize, st.queue)
	return st
}

func (s *Service) fetchAhead(ctx context.Context, r record, first, last int64, queue chan<- chan fetched) {
	defer close(queue)
	for n := first; n <= last; n++ {
		arrives := make(chan fetched, 1)
		select {
		case queue <- arrives:
		case <-ctx.Done():
			return
		}
		go func() {
			plain, err := s.chunk(ctx, r, n)
			arrives <- fetched{plain, err}
		}()
	}
}

// Read gives what is in hand, or waits for the next chunk.
func (st *stream) Read(p []byte) (int, error) {
	if st.left == 0 {
		return 0, io.EOF
	}
	if len(st.plain) == 0 {
		if err := st.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, st.plain[:min(int64(len(st.plain)), st.left)])
	st.plain = st.plain[n:]
	st.left -= int64(n)
	return n, nil
}

func (st *stream) next() error {
	if st.err != nil {
		return st.err
	}
	arrives, ok := <-st.queue
	if !ok {
		st.err = io.ErrUnexpectedEOF
		return st.err
	}
	one := <-arrives
	if st.err = one.err; st.err != nil {
		return st.err
	}
	st.plain, st.skip = one.plain[st.skip:], 0
	return nil
}

// Close ends what is still being fetched.
func (st *stream) Close() error {
	st.cancel()
	return nil
}

// file reads anywhere in a stored file, one chunk in memory, for those who inspect it.
type file struct {
	s     *Service
	ctx   context.Context
	r     record
	n     int64
	plain []byte
}

func (s *Service) file(ctx context.Context, r record) *file {
	return &file{s: s, ctx: ctx, r: r, n: -1}
}

// ReadAt reads across chunks.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		if off >= f.r.Size {
			return done, io.EOF
		}
		n := off / chunkSize
		if n != f.n {
			plain, err := f.s.chunk(f.ctx, f.r, n)
			if err != nil {
				return done, &storeFault{err}
			}
			f.n, f.plain = n, plain
		}
		copied := copy(p[done:], f.plain[off%chunkSize:])
		done, off = done+copied, off+int64(copied)
	}
	return done, nil
}

// storeFault tells a store that fails from a file that is not what it should be, through decoders that pass errors on.
type storeFault struct{ error }

func (e *storeFault) Unwrap() error { return e.error }
