package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"liaison/storage/objects"
)

// serveS3 is what a server of these tests does until it is killed.
func serveS3(dir string) {
	g, err := S3(context.Background(), Options{DataDir: dir, Log: silent})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(g.Endpoint(), g.PID())
	<-g.Done()
	os.Exit(0)
}

func beginS3(t *testing.T, dir string) *Gateway {
	t.Helper()
	g, err := S3(t.Context(), Options{DataDir: dir, Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { endS3(t, g) })
	return g
}

func endS3(t *testing.T, g *Gateway) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := g.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func store(t *testing.T, g *Gateway) *objects.Bucket {
	t.Helper()
	b, err := objects.Open(objects.Config{
		Endpoint: g.Endpoint(), AccessKey: g.AccessKey, SecretKey: g.SecretKey, Files: g.Files(), Bucket: "liaison",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

func keep(t *testing.T, g *Gateway, text string) {
	t.Helper()
	put := objects.Put{Size: int64(len(text))}
	if err := store(t, g).Put(t.Context(), "a/b", strings.NewReader(text), put); err != nil {
		t.Fatal(err)
	}
}

func kept(t *testing.T, g *Gateway, want string) {
	t.Helper()
	r, err := store(t, g).Get(t.Context(), "a/b", 0, objects.All)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != want {
		t.Errorf("kept %q, %v; want %q", got, err, want)
	}
}

func TestTheGatewayKeepsObjectsAndKeys(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	first := beginS3(t, dir)
	keep(t, first, "over a stop")
	if info, err := os.Stat(first.keysPath()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the keys: %v, %v", info, err)
	}
	for _, path := range []string{first.socket, first.Files()} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if args, err := first.arguments(); err != nil || strings.Contains(strings.Join(args, " "), first.SecretKey) {
		t.Errorf("the secret is an argument: %q, %v", args, err)
	}
	endS3(t, first)
	if _, err := os.Stat(first.socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's directory is left: %v", err)
	}
	second := beginS3(t, dir)
	if second.SecretKey != first.SecretKey {
		t.Error("a second start made other keys")
	}
	kept(t, second, "over a stop")
}

func TestTheGatewayRunsUnprivileged(t *testing.T) {
	t.Parallel()
	g := beginS3(t, dataDir(t))
	keep(t, g, "x")
	// The gateway itself writes this file.
	if uid, ok := ownerOf(filepath.Join(g.Files(), "liaison", "a", "b")); !ok || uid == 0 {
		t.Errorf("the gateway runs as user %d", uid)
	}
}

func TestTwoGatewaysOnOneDirectory(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	beginS3(t, dir)
	_, err := S3(t.Context(), Options{DataDir: dir, Log: silent})
	wantAll(t, err, "another liaison", fmt.Sprintf("process %d", os.Getpid()), dir, "LIAISON_DATA")
}

// killedWithS3 starts a server process with a gateway on dir and kills it with -9.
func killedWithS3(t *testing.T, dir string) (socket string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(exe)
	parent.Env = append(os.Environ(), "LIAISON_TEST_SERVE_S3="+dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "unix://")
	if err != nil || !ok {
		rest, _ := io.ReadAll(out)
		t.Fatalf("the parent did not start: %s%s %v", line, rest, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	path, _, _ := strings.Cut(address, " ")
	return filepath.Dir(path)
}

func TestStartAfterAKilledParentOfTheGateway(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	for i := range 3 {
		socket := killedWithS3(t, dir)
		g := beginS3(t, dir)
		if i > 0 {
			kept(t, g, "acknowledged")
		}
		keep(t, g, "acknowledged")
		if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the killed gateway's socket directory is left: %v", err)
		}
		endS3(t, g)
	}
}

func TestAGatewayLeftBehindIsEndedAndAStrangersProcessIsNot(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	g := beginS3(t, dir)
	endS3(t, g)
	left, err := start(command(g.acc, g.Files(), "/bin/sleep", "600"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(left.kill)
	stranger, err := start(command(g.acc, "/", "/bin/sleep", "600"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stranger.kill)
	for _, c := range []*child{stranger, left} {
		note := fmt.Sprintf("%d\n%s\n", c.cmd.Process.Pid, "/nowhere/liaison-x")
		if err := os.WriteFile(g.notePath(), []byte(note), 0o600); err != nil {
			t.Fatal(err)
		}
		endS3(t, beginS3(t, dir))
	}
	<-left.done
	if err := syscall.Kill(stranger.cmd.Process.Pid, 0); err != nil {
		t.Errorf("a process of somebody else was ended: %v", err)
	}
}

func TestAGatewayThatDiesIsStartedAgain(t *testing.T) {
	t.Parallel()
	g := beginS3(t, dataDir(t))
	keep(t, g, "over a death")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { g.Keep(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	died := g.PID()
	if err := syscall.Kill(died, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tick, late := time.NewTicker(10*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for g.PID() == died || g.ping(ctx) != nil {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("it was not started again")
		}
	}
	kept(t, g, "over a death")
}

func TestJoiningAGateway(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	if _, ok := JoinS3(t.Context(), dir, silent); ok {
		t.Error("joined a gateway that is not there")
	}
	g := beginS3(t, dir)
	keep(t, g, "shared")
	joined, ok := JoinS3(t.Context(), dir, silent)
	if !ok {
		t.Fatal("the running gateway was not found")
	}
	kept(t, joined, "shared")
	endS3(t, joined)
	kept(t, g, "shared")
}

func TestMetadataBesideWhereTheFileSystemKeepsNone(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	g := beginS3(t, dir)
	endS3(t, g)
	if err := g.makeOwned(filepath.Join(g.dir, "metadata")); err != nil {
		t.Fatal(err)
	}
	g = beginS3(t, dir)
	keep(t, g, "beside")
	info, err := store(t, g).Stat(t.Context(), "a/b")
	if err != nil || info.SHA256 == nil {
		t.Errorf("without extended attributes: %+v, %v", info, err)
	}
	endS3(t, g)
	kept(t, beginS3(t, dir), "beside")
}

func TestFindingTheGateway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, gatewayName)
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), gatewayName)
	nowhere := func(string) (string, error) { return "", exec.ErrNotFound }
	onPath := func(string) (string, error) { return elsewhere, nil }
	for name, c := range map[string]struct {
		gatewaySearch
		want string
	}{
		"named":  {gatewaySearch{env: program, dirs: []string{"/other"}, lookPath: onPath}, program},
		"beside": {gatewaySearch{dirs: []string{"/other", dir}, lookPath: onPath}, program},
		"path":   {gatewaySearch{dirs: []string{"/other"}, lookPath: onPath}, elsewhere},
	} {
		if got, err := c.find(); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	_, err := gatewaySearch{env: dir, dirs: []string{dir}, lookPath: onPath}.find()
	wantAll(t, err, "LIAISON_VERSITYGW", dir, "not a program")
	_, err = gatewaySearch{dirs: []string{"/other"}, lookPath: nowhere}.find()
	wantAll(t, err, "versitygw", "/other", "make build", "LIAISON_VERSITYGW", "LIAISON_S3_ENDPOINT", "PATH")
}

func TestAProgramTheAccountCannotReachIsCopied(t *testing.T) {
	t.Parallel()
	g := beginS3(t, dataDir(t))
	endS3(t, g)
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	g.acc = account{name: "someone", uid: 54321, gid: 54321, drop: true}
	g.program = filepath.Join(closed, gatewayName)
	for _, text := range []string{"one", "another"} {
		if err := os.WriteFile(g.program, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			at, err := g.reachable()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(at); err != nil || string(got) != text || at == g.program {
				t.Errorf("%s holds %q, %v", at, got, err)
			}
		}
	}
}
