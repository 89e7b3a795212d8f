package embedded

import (
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestACommandJoinsTheRunningCluster(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	log := slog.New(slog.DiscardHandler)
	if _, ok := Join(t.Context(), dir, log); ok {
		t.Fatal("joined what does not run")
	}
	first, err := Postgres(t.Context(), Options{DataDir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	second, ok := Join(t.Context(), dir, log)
	if !ok {
		t.Fatal("not joined")
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), first.URL("postgres", Owner))
	if err != nil {
		t.Fatalf("the cluster stopped with the command: %v", err)
	}
	_ = conn.Close(t.Context())
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := Join(t.Context(), dir, log); ok {
		t.Error("joined what has stopped")
	}
}
