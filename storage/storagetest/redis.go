package storagetest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"liaison/storage/embedded"
)

// RedisServer is a test's own Redis.
type RedisServer struct {
	URL string

	t      testing.TB
	server *embedded.RedisServer
}

// Redis starts a Redis for one test; it is stopped when the test ends.
func Redis(t testing.TB) *RedisServer {
	t.Helper()
	s, err := embedded.Redis(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("storagetest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("storagetest: %v", err)
		}
	})
	return &RedisServer{URL: s.URL(), t: t, server: s}
}

// Kill ends the server as a power cut would; its address stays.
func (r *RedisServer) Kill() { r.server.Kill() }

// Restart starts it again, empty.
func (r *RedisServer) Restart() {
	r.t.Helper()
	if err := r.server.Restart(r.t.Context()); err != nil {
		r.t.Fatalf("storagetest: %v", err)
	}
}
