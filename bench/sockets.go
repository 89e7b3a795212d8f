package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
)

// socket is a member's connection to the live feed.
type socket struct {
	mu    sync.Mutex
	conn  *websocket.Conn
	ended bool
	done  chan struct{}
}

func (s *socket) close() {
	s.mu.Lock()
	s.ended = true
	_ = s.conn.Close()
	s.mu.Unlock()
	<-s.done
}

// take another connection, unless the socket was closed meanwhile.
func (s *socket) take(conn *websocket.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		_ = conn.Close()
		return false
	}
	s.conn = conn
	return true
}

// slowReader is how the server cuts a socket for which too much waits.
const slowReader = 4008

// connectAtOnce is how many sockets are opened at the same time.
const connectAtOnce = 16

// connect opens one socket a member and waits for each one's hello; frames of messages go to take. A socket that was cut is opened
// again where failed says so.
func connect(ctx context.Context, address string, members []*member, take func(i int, frame []byte), failed func(i int, err error) (again bool)) (closeAll func(), err error) {
	sockets := make([]*socket, len(members))
	closeAll = func() {
		for _, s := range sockets {
			if s != nil {
				s.close()
			}
		}
	}
	var opening sync.Mutex
	group, opened := errgroup.WithContext(ctx)
	group.SetLimit(connectAtOnce)
	for i, m := range members {
		group.Go(func() error {
			conn, err := dial(opened, address, m)
			if err != nil {
				return err
			}
			s := &socket{conn: conn, done: make(chan struct{})}
			opening.Lock()
			sockets[i] = s
			opening.Unlock()
			go s.read(func(frame []byte) { take(i, frame) }, func(err error) (*websocket.Conn, error) {
				if !failed(i, err) {
					return nil, err
				}
				return dial(ctx, address, m)
			})
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		closeAll()
		return nil, err
	}
	return closeAll, nil
}

func dial(ctx context.Context, address string, m *member) (*websocket.Conn, error) {
	dialer := websocket.Dialer{ReadBufferSize: 8 << 10, WriteBufferSize: 256, WriteBufferPool: &sync.Pool{}, HandshakeTimeout: patience}
	conn, resp, err := dialer.DialContext(ctx, "ws://"+address+"/api/v1/live", http.Header{"Authorization": {"Bearer " + m.token}})
	if err != nil {
		if resp != nil {
			return nil, fmt.Errorf("open a socket: %w: %s", err, resp.Status)
		}
		return nil, fmt.Errorf("open a socket: %w", err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, _, err := conn.ReadMessage(); err != nil { // hello
		return nil, fmt.Errorf("hear from a socket: %w", err)
	}
	return conn, conn.SetReadDeadline(time.Time{})
}

func (s *socket) read(take func([]byte), again func(error) (*websocket.Conn, error)) {
	defer close(s.done)
	conn := s.conn
	for {
		_, frame, err := conn.ReadMessage()
		if err == nil {
			take(frame)
			continue
		}
		if conn, err = again(err); err != nil || !s.take(conn) {
			return
		}
	}
}

var (
	created   = []byte(`{"type":"message.created"`)
	messageID = []byte(`"message":{"id":"`)
)

// postIn finds the number of the post a frame tells of. It reads no JSON: the driver must cost little.
func postIn(frame []byte) (int64, bool) {
	if !bytes.HasPrefix(frame, created) {
		return 0, false
	}
	at := bytes.Index(frame, messageID)
	if at < 0 || len(frame) < at+len(messageID)+36 {
		return -1, true
	}
	n, ok := numberOf(frame[at+len(messageID):][:36])
	if !ok {
		n = -1
	}
	return n, true
}

// listen connects every member of the ledger.
func (l *ledger) listen(ctx context.Context, address string) (closeAll func(), err error) {
	members := make([]*member, len(l.boxes))
	for i, b := range l.boxes {
		members[i] = b.member
	}
	take := func(i int, frame []byte) {
		if n, ok := postIn(frame); ok {
			l.take(l.boxes[i], n)
		}
	}
	failed := func(i int, err error) bool {
		l.boxes[i].mu.Lock()
		defer l.boxes[i].mu.Unlock()
		if l.comesBack && websocket.IsCloseError(err, slowReader) {
			return true
		}
		l.boxes[i].err = err
		return false
	}
	return connect(ctx, address, members, take, failed)
}

// broken is the first socket that was cut, if any.
func (l *ledger) broken() error {
	for _, b := range l.boxes {
		b.mu.Lock()
		err := b.err
		b.mu.Unlock()
		if err != nil {
			return fmt.Errorf("a socket was cut: %w", err)
		}
	}
	return nil
}
