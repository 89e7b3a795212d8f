package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestRedisKillAndRestart(t *testing.T) {
	t.Parallel()
	r, err := Redis(t.Context(), silent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	opts, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	opts.MaxRetries = -1
	client := redis.NewClient(opts)
	t.Cleanup(func() { client.Close() })
	if err := client.Set(t.Context(), "a", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	r.Kill()
	if err := client.Get(t.Context(), "a").Err(); err == nil {
		t.Error("a killed server answered")
	}
	if err := r.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := client.Get(t.Context(), "a").Err(); err != redis.Nil {
		t.Errorf("after a restart: %v, want nothing kept", err)
	}
}
