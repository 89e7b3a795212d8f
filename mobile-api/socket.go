package mobileapi

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"liaison/access"
	"liaison/live"
)

// Limits of a socket. A client has nothing to say on it beyond pongs.
const (
	frameMost     = 4 << 10
	socketsMost   = 20 // per person
	writePatience = 10 * time.Second
	readPatience  = (2*live.HeartbeatSeconds + 10) * time.Second
)

// Socket serves GET /api/v1/live: the socket only tells, everything is said by POST.
type Socket struct {
	Hub *live.Hub
	// Authenticate says who opens the socket, and when the token ends (zero for a cookie's session).
	Authenticate func(*http.Request) (access.Actor, time.Time, error)
	// Refuse answers a request that may not open a socket.
	Refuse func(http.ResponseWriter, *http.Request, error)
	Log    *slog.Logger
}

// SocketActor says who opens a socket, and when the token she opens it with ends; zero for a session cookie.
func (a *API) SocketActor(r *http.Request) (access.Actor, time.Time, error) {
	actor, err := a.actorOf(r)
	if err != nil {
		return actor, time.Time{}, err
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return actor, a.cfg.Accounts.TokenEnds(token), nil
}

// Refuse answers a request with the problem of err.
func (a *API) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	problemOf(r.Context(), err).write(w)
}

var upgrader = websocket.Upgrader{
	ReadBufferSize:  256,
	WriteBufferSize: 1024,
	// Buffers are borrowed while something is written: an idle socket holds none.
	WriteBufferPool:  &sync.Pool{},
	HandshakeTimeout: 10 * time.Second,
	CheckOrigin:      sameOrigin,
}

// sameOrigin admits clients that are not browsers (no Origin) and pages of this very host.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

func (s *Socket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	actor, expires, err := s.Authenticate(r)
	if err != nil {
		s.Refuse(w, r, err)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	k := &sink{conn: conn}
	if s.Hub.SocketsOf(actor.Person) >= socketsMost {
		k.Close(live.TooMany)
		return
	}
	l := live.NewListener(actor.Person, actor.Session, k)
	l.Expires = expires
	if err := s.Hub.Attach(r.Context(), l); err != nil {
		s.Log.Warn("attach socket", "session", actor.Session, "error", err)
		s.Hub.Detach(l)
		k.Close(live.Restarting)
		return
	}
	l.Send(hello)
	// Outside the handler, whose stack and buffers are then free.
	go s.read(k, l)
}

var hello = func() *live.Frame {
	data, err := json.Marshal(map[string]any{"type": "hello", "heartbeat_s": live.HeartbeatSeconds})
	if err != nil {
		panic(err)
	}
	return &live.Frame{Data: data}
}()

// read keeps the socket's other direction: pongs, the close, and nothing else.
func (s *Socket) read(k *sink, l *live.Listener) {
	defer s.Hub.Detach(l)
	k.conn.SetReadLimit(frameMost)
	alive := func(string) error { return k.conn.SetReadDeadline(time.Now().Add(readPatience)) }
	k.conn.SetPongHandler(alive)
	_ = alive("")
	for {
		kind, data, err := k.conn.ReadMessage()
		switch {
		case errors.Is(err, websocket.ErrReadLimit):
			l.Cut(live.FrameTooLarge)
			return
		case err != nil:
			l.Cut(live.Close{Code: websocket.CloseNormalClosure, Reason: ""})
			return
		case kind != websocket.TextMessage || !harmless(data):
			l.Cut(live.BadFrame)
			return
		}
		_ = alive("")
	}
}

// harmless admits a client's own heartbeat.
func harmless(data []byte) bool {
	var f struct {
		Type string `json:"type"`
	}
	return json.Unmarshal(data, &f) == nil && f.Type == "ping"
}

// sink is a gorilla connection as the hub sees it.
type sink struct {
	conn *websocket.Conn
}

// Write sends what waits; each frame is prepared once for all sockets.
func (k *sink) Write(frames []*live.Frame) error {
	if err := k.conn.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return err
	}
	for _, f := range frames {
		prepared, _ := f.Prepared(prepare).(*websocket.PreparedMessage)
		if prepared == nil {
			continue
		}
		if err := k.conn.WritePreparedMessage(prepared); err != nil {
			return err
		}
	}
	return nil
}

func prepare(data []byte) any {
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, data)
	if err != nil {
		return nil
	}
	return m
}

// Ping asks for a pong; a socket whose pongs stop is closed by its reader.
func (k *sink) Ping() {
	_ = k.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writePatience))
}

// Close says why and goes.
func (k *sink) Close(c live.Close) {
	_ = k.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(c.Code, c.Reason), time.Now().Add(time.Second))
	_ = k.conn.Close()
}
