// Package live is the hub of one node: who listens, what they are told, and when they are cut off. It holds audiences, not
// grants; it knows no HTTP and no SQL of messages.
package live

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Close is why a socket is closed: a code of the WebSocket private range and a stable word.
type Close struct {
	Code   int
	Reason string
}

// The close codes. After SlowReader and Restarting a client comes back with its cursor; the others want a new session first.
var (
	SessionExpired = Close{4001, "session_expired"}
	SessionRevoked = Close{4002, "session_revoked"}
	TokenExpired   = Close{4003, "token_expired"}
	SlowReader     = Close{4008, "slow_reader"}
	FrameTooLarge  = Close{1009, "frame_too_large"} // the protocol's own code: the library says it by itself
	BadFrame       = Close{4010, "bad_frame"}
	TooMany        = Close{4029, "too_many_connections"}
	Restarting     = Close{1012, "restarting"}
)

// Frame is one message for many sockets, encoded once. A transport may keep its own prepared form in it.
type Frame struct {
	Data     []byte
	once     sync.Once
	prepared any
}

// Prepared gives the transport's form of the frame, made at its first use.
func (f *Frame) Prepared(prepare func([]byte) any) any {
	f.once.Do(func() { f.prepared = prepare(f.Data) })
	return f.prepared
}

// Sink is the socket behind a listener. Write is called by one goroutine at a time.
type Sink interface {
	Write(frames []*Frame) error
	Ping()
	Close(c Close)
}

// queueMost is how many frames may wait for one socket. A reader slower than that is cut off, never waited for.
const queueMost = 256

// Listener is one socket of one person. A writer runs only while frames wait.
type Listener struct {
	Person  uuid.UUID
	Session uuid.UUID
	// Expires is when the token it was opened with ends; zero for a session cookie.
	Expires time.Time
	sink    Sink

	mu      sync.Mutex
	waiting []*Frame
	writing bool
	closed  bool
	// stale: something was delivered since the last mark.
	stale atomic.Bool
}

// NewListener makes the listener of a socket.
func NewListener(person, session uuid.UUID, sink Sink) *Listener {
	return &Listener{Person: person, Session: session, sink: sink}
}

// Send queues a frame; it never waits. A full queue closes the socket.
func (l *Listener) Send(f *Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if len(l.waiting) >= queueMost {
		l.closed, l.waiting = true, nil
		go l.sink.Close(SlowReader)
		return
	}
	l.waiting = append(l.waiting, f)
	if !l.writing {
		l.writing = true
		go l.write()
	}
}

func (l *Listener) write() {
	for {
		frames := l.take()
		if frames == nil {
			return
		}
		if err := l.sink.Write(frames); err != nil {
			l.Cut(SlowReader)
			return
		}
	}
}

// take gives all that waits, or nil when the writer may rest.
func (l *Listener) take() []*Frame {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 || l.closed {
		l.writing = false
		return nil
	}
	frames := l.waiting
	l.waiting = nil
	return frames
}

// Cut closes the socket; what waits is not sent.
func (l *Listener) Cut(c Close) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed, l.waiting = true, nil
	l.mu.Unlock()
	l.sink.Close(c)
}
