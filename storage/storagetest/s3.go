package storagetest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liaison/storage/embedded"
	"liaison/storage/objects"
)

// S3 gives one test a bucket of its own on the S3 gateway that all test programs share. The bucket is made by who uses it:
// see objects.Bucket.Ensure.
func S3(t testing.TB) objects.Config {
	t.Helper()
	if os.Getenv("LIAISON_TEST_POSTGRES") != "" { // then nobody keeps services for the tests
		return OwnS3(t).Config
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := shared(ctx); err != nil { // the keeper of the cluster keeps the gateway
		t.Fatalf("storagetest: %v", err)
	}
	cfg, err := sharedGateway()
	if err != nil {
		t.Fatalf("storagetest: %v", err)
	}
	cfg.Bucket = bucketName()
	return cfg
}

func bucketName() string { return "t-" + strings.ToLower(rand.Text()[:20]) }

// gatewayNote is what the keeper says of its gateway.
type gatewayNote struct {
	Endpoint, AccessKey, SecretKey, Files string
	Problem                               string
}

// keepGateway starts the gateway and says so in the shared place. Without one, only the tests that need it fail.
func keepGateway(ctx context.Context, p place) (stop func(context.Context) error) {
	note, stop := gatewayNote{}, func(context.Context) error { return nil }
	g, err := embedded.S3(ctx, embedded.Options{DataDir: p.file("s3"), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		note.Problem = err.Error()
	} else {
		note = gatewayNote{Endpoint: g.Endpoint(), AccessKey: g.AccessKey, SecretKey: g.SecretKey, Files: g.Files()}
		stop = func(ctx context.Context) error { return errors.Join(g.Stop(ctx), os.RemoveAll(p.file("s3"))) }
	}
	text, err := json.Marshal(note)
	if err == nil {
		err = os.WriteFile(p.file("gateway"), text, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "say where the S3 gateway is:", err)
	}
	return stop
}

func sharedGateway() (objects.Config, error) {
	var note gatewayNote
	p, err := sharedPlace()
	if err != nil {
		return objects.Config{}, err
	}
	text, err := os.ReadFile(p.file("gateway"))
	if err != nil {
		return objects.Config{}, fmt.Errorf("the S3 gateway of the tests: %w", err)
	}
	if err := json.Unmarshal(text, &note); err != nil {
		return objects.Config{}, fmt.Errorf("the S3 gateway of the tests: %w", err)
	}
	if note.Problem != "" {
		return objects.Config{}, errors.New(note.Problem)
	}
	return objects.Config{Endpoint: note.Endpoint, AccessKey: note.AccessKey, SecretKey: note.SecretKey, Files: note.Files}, nil
}

// Gateway is a test's own S3 gateway, to be killed.
type Gateway struct {
	Config objects.Config

	t       testing.TB
	gateway *embedded.Gateway
}

// OwnS3 starts an S3 gateway for one test; it is stopped when the test ends.
func OwnS3(t testing.TB) *Gateway {
	t.Helper()
	// t.TempDir is closed to the account that the gateway runs as when root tests.
	dir, err := os.MkdirTemp("", "liaison-s3-")
	if err != nil {
		t.Fatalf("storagetest: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatalf("storagetest: %v", err)
	}
	g, err := embedded.S3(t.Context(), embedded.Options{DataDir: filepath.Join(dir, "data"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("storagetest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := g.Stop(ctx); err != nil {
			t.Errorf("storagetest: %v", err)
		}
	})
	cfg := objects.Config{
		Endpoint: g.Endpoint(), AccessKey: g.AccessKey, SecretKey: g.SecretKey, Files: g.Files(), Bucket: bucketName(),
	}
	return &Gateway{Config: cfg, t: t, gateway: g}
}

// Kill ends the gateway as a power cut would; its address stays.
func (g *Gateway) Kill() { g.gateway.Kill() }

// PID is the process that serves.
func (g *Gateway) PID() int { return g.gateway.PID() }

// Restart starts it again, with what it held.
func (g *Gateway) Restart() {
	g.t.Helper()
	if err := g.gateway.Restart(g.t.Context()); err != nil {
		g.t.Fatalf("storagetest: %v", err)
	}
}
