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
	conn *websocket.Conn
	done chan struct{}
}

// connectAtOnce is how many sockets are opened at the same time.
const connectAtOnce = 16

// connect opens one socket a member and waits for each one's hello; frames of messages go to take.
func connect(ctx context.Context, address string, members []*member, take func(i int, frame []byte), failed func(i int, err error)) (closeAll func(), err error) {
	sockets := make([]*socket, len(members))
	closeAll = func() {
		for _, s := range sockets {
			if s != nil {
				_ = s.conn.Close()
				<-s.done
			}
		}
	}
	var opening sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(connectAtOnce)
	for i, m := range members {
		group.Go(func() error {
			conn, err := dial(ctx, address, m)
			if err != nil {
				return err
			}
			s := &socket{conn: conn, done: make(chan struct{})}
			opening.Lock()
			sockets[i] = s
			opening.Unlock()
			go s.read(func(frame []byte) { take(i, frame) }, func(err error) { failed(i, err) })
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

func (s *socket) read(take func([]byte), failed func(error)) {
	defer close(s.done)
	for {
		_, frame, err := s.conn.ReadMessage()
		if err != nil {
			failed(err)
			return
		}
		take(frame)
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
	failed := func(i int, err error) {
		l.boxes[i].mu.Lock()
		l.boxes[i].err = err
		l.boxes[i].mu.Unlock()
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
