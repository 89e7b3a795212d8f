package live

import (
	"context"
	"time"
)

// HeartbeatSeconds is how often every socket hears something; a client that hears nothing for twice as long comes back.
const HeartbeatSeconds = 25

var beat = &Frame{Data: []byte(`{"type":"ping"}`)}

// heartbeat speaks to a 25th of the sockets every second, so that they never all wake at once, and cuts those whose token
// has ended.
func (h *Hub) heartbeat(ctx context.Context) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case now := <-second.C:
			for _, l := range h.all() {
				if !l.Expires.IsZero() && now.After(l.Expires) {
					l.Cut(TokenExpired)
				} else if int(l.Session[15])%HeartbeatSeconds == turn%HeartbeatSeconds {
					l.Send(beat)
					go l.sink.Ping() // it may wait behind a frame that a slow reader does not take: nobody else's heartbeat waits with it
				}
			}
		}
	}
}
