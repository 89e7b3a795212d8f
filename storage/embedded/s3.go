package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Gateway is a private S3 gateway on a unix socket. It keeps objects as files in the data directory's « objects », and they
// are not flushed by it: see Files.
type Gateway struct {
	AccessKey, SecretKey string

	dir     string // everything of ours: buckets, versions, keys, lock, log
	program string
	acc     account
	socket  string // directory of the socket
	joined  bool   // another process's
	lock    *os.File
	log     *slog.Logger

	mu    sync.Mutex // guards child
	child *child
}

// S3 starts the private gateway of a data directory, making it first when it is not there. ctx bounds the start.
func S3(ctx context.Context, opts Options) (*Gateway, error) {
	g := &Gateway{dir: filepath.Join(opts.DataDir, "objects"), log: opts.Log}
	if g.log == nil {
		g.log = slog.Default()
	}
	if err := g.start(ctx, opts.DataDir); err != nil {
		g.release()
		return nil, err
	}
	return g, nil
}

func (g *Gateway) start(ctx context.Context, dataDir string) (err error) {
	if g.acc, err = childAccount(g.Files()); err != nil {
		return err
	}
	if g.program, err = findGateway(); err != nil {
		return err
	}
	if err := g.acc.place(dataDir); err != nil {
		return err
	}
	if err := g.prepare(); err != nil {
		return err
	}
	g.settleLeftovers()
	if g.program, err = g.reachable(); err != nil {
		return err
	}
	if g.socket, err = socketDir(g.acc); err != nil {
		return err
	}
	return g.Restart(ctx)
}

// prepare makes the directories, takes the lock and makes the keys at the first start.
func (g *Gateway) prepare() (err error) {
	if err := g.acc.place(g.dir); err != nil {
		return err
	}
	if g.lock, err = lockDir(g.dir); err != nil {
		return err
	}
	for _, dir := range []string{g.Files(), g.versions()} {
		if err := g.makeOwned(dir); err != nil {
			return err
		}
	}
	g.AccessKey, g.SecretKey, err = gatewayKeys(g.keysPath())
	return err
}

func (g *Gateway) makeOwned(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the objects' directory: %w", err)
	}
	return g.acc.own(dir)
}

// Restart starts the gateway after Kill, or after it ended by itself; its address stays.
func (g *Gateway) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	began := time.Now()
	child, err := g.launch()
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.child = child
	g.mu.Unlock()
	if err := g.note(); err != nil {
		return err
	}
	if err := child.ready(ctx, g.ping); err != nil {
		child.kill()
		return fmt.Errorf("the S3 gateway did not start: %w; its log %s ends:\n  %s", err, g.logPath(), lastLines(g.logPath()))
	}
	g.log.Info("S3 gateway started", "program", g.program, "objects", g.dir, "socket", g.socketPath(), "pid", g.PID(),
		"ms", time.Since(began).Milliseconds())
	return nil
}

func (g *Gateway) launch() (*child, error) {
	logFile, err := os.OpenFile(g.logPath(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	args, err := g.arguments()
	if err != nil {
		return nil, err
	}
	cmd := command(g.acc, g.Files(), g.program, args...)
	// Never as arguments: every account of the machine can read those.
	cmd.Env = append(cmd.Env, "ROOT_ACCESS_KEY_ID="+g.AccessKey, "ROOT_SECRET_ACCESS_KEY="+g.SecretKey)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	return start(cmd)
}

func (g *Gateway) arguments() ([]string, error) {
	args := []string{
		"--port", g.socketPath(), "--socket-perm", "0600", "--quiet", "--keep-alive",
		"posix", "--versioning-dir", g.versions(), "--dir-perms", "0700", "--file-perms", "0600",
		// Its lock files stay for ever, one a key; our own lock on the directory already means one gateway.
		"--disable-object-lock-file",
	}
	sidecar, err := g.sidecar()
	if err != nil {
		return nil, err
	}
	if sidecar != "" {
		args = append(args, "--sidecar", sidecar)
	}
	return append(args, g.Files()), nil
}

// sidecar is the directory of the objects' metadata where the file system keeps no extended attributes, else nothing. What
// was chosen at the first start stays.
func (g *Gateway) sidecar() (string, error) {
	dir := filepath.Join(g.dir, "metadata")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if keepsAttributes(g.Files()) {
		return "", nil
	}
	return dir, g.makeOwned(dir)
}

// ping is any answer in HTTP: without a signature the gateway refuses, and that will do.
func (g *Gateway) ping(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", g.socketPath())
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if _, err := fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "HTTP/1.1 ") {
		err = fmt.Errorf("answered %q", line)
	}
	return err
}

// Keep starts the gateway again whenever it ends by itself, until ctx ends.
func (g *Gateway) Keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.Done():
		}
		g.log.Error("the S3 gateway ended by itself: starting it again", "log", g.logPath())
		if err := g.Restart(ctx); err != nil && ctx.Err() == nil {
			g.log.Error("start the S3 gateway again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second): // one that ends at once must not turn in a circle
		}
	}
}

// Endpoint is the gateway's address; it stays the same over Kill and Restart.
func (g *Gateway) Endpoint() string { return "unix://" + g.socketPath() }

// Files is where the gateway keeps the buckets, an object a file. It answers before they are on disk: who needs them to be
// must flush them.
func (g *Gateway) Files() string { return filepath.Join(g.dir, "buckets") }

// Kill ends the gateway as a power cut would.
func (g *Gateway) Kill() { g.current().kill() }

// PID is the process that serves.
func (g *Gateway) PID() int { return g.current().cmd.Process.Pid }

// Done is closed when the present process has ended, asked or not.
func (g *Gateway) Done() <-chan struct{} { return g.current().done }

func (g *Gateway) current() *child {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.child
}

// Stop lets the gateway finish what it does and waits; when ctx ends first it is killed. A joined one is left alone.
func (g *Gateway) Stop(ctx context.Context) error {
	if g.joined {
		return nil
	}
	err := g.current().stop(ctx, syscall.SIGTERM)
	g.release()
	return err
}

// release gives back what the gateway holds outside its directory.
func (g *Gateway) release() {
	if c := g.current(); c != nil {
		c.kill()
	}
	if g.socket != "" {
		removeGatewaySocket(g.socket)
		_ = os.Remove(g.notePath())
	}
	if g.lock != nil {
		unlockDir(g.lock)
	}
}

func (g *Gateway) versions() string   { return filepath.Join(g.dir, "versions") }
func (g *Gateway) keysPath() string   { return filepath.Join(g.dir, "keys") }
func (g *Gateway) logPath() string    { return filepath.Join(g.dir, "gateway.log") }
func (g *Gateway) notePath() string   { return filepath.Join(g.dir, "running") }
func (g *Gateway) socketPath() string { return filepath.Join(g.socket, socketName) }
