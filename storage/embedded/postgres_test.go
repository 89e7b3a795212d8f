package embedded

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var silent = slog.New(slog.DiscardHandler)

// TestMain lets this binary stand for a server that is killed: started with an order in the environment it serves a
// directory until its end.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LIAISON_TEST_SERVE_S3"); dir != "" {
		serveS3(dir)
	}
	dir := os.Getenv("LIAISON_TEST_SERVE")
	if dir == "" {
		os.Exit(m.Run())
	}
	c, err := Postgres(context.Background(), Options{DataDir: dir, Durable: true, Log: silent})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(c.URL("postgres", Owner))
	<-c.Done()
}

// dataDir is a new directory that an unprivileged account can reach, which t.TempDir is not for root.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "liaison-data-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func begin(t *testing.T, dir string, durable bool) *Cluster {
	t.Helper()
	c, err := Postgres(t.Context(), Options{DataDir: dir, Durable: durable, Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, c) })
	return c
}

func end(t *testing.T, c *Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := c.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// ask runs one statement as the owner and returns its one text.
func ask(t *testing.T, url, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var text string
	if err := conn.QueryRow(ctx, sql).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

func TestStartStopAndStartAgain(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	first := begin(t, dir, true)
	for range 2 {
		if err := first.CreateDatabase(t.Context(), "liaison"); err != nil {
			t.Fatal(err)
		}
	}
	url := first.URL("liaison", Owner)
	for setting, want := range map[string]string{
		"fsync": "on", "listen_addresses": "", "server_encoding": "UTF8", "max_connections": "200",
	} {
		if got := ask(t, url, "show "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if got := ask(t, url, "select datcollate from pg_database where datname = 'liaison'"); got != "C" {
		t.Errorf("collation %q", got)
	}
	socket := first.socket
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's directory: %v, %v", info, err)
	}
	end(t, first)
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket's directory is left: %v", err)
	}
	second := begin(t, dir, true)
	if got := ask(t, second.URL("liaison", Owner), "select current_database()::text"); got != "liaison" {
		t.Errorf("after a second start: %q", got)
	}
}

func TestTheServerRunsUnprivileged(t *testing.T) {
	t.Parallel()
	c := begin(t, dataDir(t), false)
	// The server itself writes this file.
	if uid, ok := ownerOf(c.pidFile()); !ok || uid == 0 {
		t.Errorf("the server runs as user %d", uid)
	}
}

func TestTwoServersOnOneDirectory(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	begin(t, dir, false)
	_, err := Postgres(t.Context(), Options{DataDir: dir, Log: silent})
	wantAll(t, err, "another liaison", fmt.Sprintf("process %d", os.Getpid()), dir, "LIAISON_DATA")
}

// killedParent starts a server process on dir, writes through it, kills it with -9 and gives its socket's directory.
func killedParent(t *testing.T, dir string) (socket string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(exe)
	parent.Env = append(os.Environ(), "LIAISON_TEST_SERVE="+dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	url := strings.TrimSpace(line)
	if err != nil || !strings.HasPrefix(url, "postgres:") {
		rest, _ := io.ReadAll(out)
		t.Fatalf("the parent did not start: %s%s %v", line, rest, err)
	}
	ask(t, url, "with w as (select lo_from_bytea(4242, 'kept')) select 'written' from w")
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	return cfg.Host
}

func TestStartAfterAKilledParent(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	for range 3 {
		socket := killedParent(t, dir)
		c := begin(t, dir, true)
		if got := ask(t, c.URL("postgres", Owner), "select convert_from(lo_get(4242), 'UTF8')"); got != "kept" {
			t.Errorf("what was acknowledged is %q", got)
		}
		ask(t, c.URL("postgres", Owner), "select lo_unlink(4242)::text")
		if _, err := os.Stat(socket); !os.IsNotExist(err) {
			t.Errorf("the killed server's socket directory is left: %v", err)
		}
		end(t, c)
	}
}

func TestStaleProcessNumber(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	c := begin(t, dir, false)
	note, err := os.ReadFile(c.pidFile())
	if err != nil {
		t.Fatal(err)
	}
	end(t, c)
	// The number now belongs to another living program of the same account, as after a reboot.
	acc, err := childAccount(c.pgdata())
	if err != nil {
		t.Fatal(err)
	}
	other, err := start(command(acc, "/", "/bin/sleep", "600"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.kill)
	_, rest, _ := strings.Cut(string(note), "\n")
	stale := fmt.Sprintf("%d\n%s", other.cmd.Process.Pid, rest)
	if err := os.WriteFile(c.pidFile(), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	begin(t, dir, false)
}

func TestInterruptedInitialisation(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	if err := os.MkdirAll(filepath.Join(dir, "postgres.part", "base"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := begin(t, dir, false)
	if _, err := os.Stat(c.pgdata() + ".part"); !os.IsNotExist(err) {
		t.Errorf("the unfinished cluster is left: %v", err)
	}
}

func TestDoneTellsOfAServerThatDied(t *testing.T) {
	t.Parallel()
	c := begin(t, dataDir(t), false)
	c.child.kill()
	select {
	case <-c.Done():
	case <-t.Context().Done():
		t.Error("the end of the server was not told")
	}
}

func TestClosedParentDirectory(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	closed := filepath.Join(top, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	acc := account{name: "someone", uid: 54321, gid: 54321, drop: true}
	if got := acc.blockedAt(filepath.Join(closed, "data")); got == "" {
		t.Error("a closed directory was taken for open")
	}
	link := dataDir(t) + "-link"
	if err := os.Symlink(closed, link); err != nil {
		t.Fatal(err)
	}
	if got := acc.blockedAt(link); got == "" {
		t.Error("a link to a closed directory was taken for open")
	}
	wantAll(t, acc.blockedError(closed, closed), "someone", closed, "LIAISON_DATA", "ordinary user")
	if got := acc.blockedAt("/usr/bin"); got != "" {
		t.Errorf("blocked at %s", got)
	}
}
