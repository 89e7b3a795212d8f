package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// ErrNoRedis says that this machine has no redis-server.
var ErrNoRedis = errors.New("redis-server was not found on PATH: install it (apt-get install redis-server), " +
	"or set LIAISON_REDIS_URL")

// RedisServer is a private Redis on a unix socket. It keeps nothing: Redis is a hint, PostgreSQL has the truth.
type RedisServer struct {
	program string
	acc     account
	dir     string
	child   *child
	log     *slog.Logger
}

// Redis starts a private Redis. ctx bounds the start.
func Redis(ctx context.Context, log *slog.Logger) (*RedisServer, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, ErrNoRedis
	}
	acc, err := childAccount("")
	if err != nil {
		return nil, err
	}
	dir, err := socketDir(acc)
	if err != nil {
		return nil, err
	}
	r := &RedisServer{program: program, acc: acc, dir: dir, log: log}
	if err := r.Restart(ctx); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return r, nil
}

// URL is the server's address; it stays the same over Kill and Restart.
func (r *RedisServer) URL() string { return "unix://" + r.socket() }

// Restart starts the server after Kill.
func (r *RedisServer) Restart(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	logFile, err := os.OpenFile(r.logPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	cmd := command(r.acc, r.dir, r.program, "--port", "0", "--unixsocket", r.socket(), "--unixsocketperm", "700",
		"--dir", r.dir, "--save", "", "--appendonly", "no")
	cmd.Stdout, cmd.Stderr = logFile, logFile
	if r.child, err = start(cmd); err != nil {
		return err
	}
	if err := r.child.ready(ctx, r.ping); err != nil {
		r.Kill()
		return fmt.Errorf("Redis did not start: %w; its log ends:\n  %s", err, lastLines(r.logPath()))
	}
	r.log.Info("Redis started", "socket", r.socket(), "pid", r.child.cmd.Process.Pid)
	return nil
}

func (r *RedisServer) ping(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", r.socket())
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "PING\r\n"); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && line != "+PONG\r\n" {
		err = fmt.Errorf("answered %q", line)
	}
	return err
}

// Kill ends the server as a power cut would.
func (r *RedisServer) Kill() { r.child.kill() }

// PID is the process that serves.
func (r *RedisServer) PID() int { return r.child.cmd.Process.Pid }

// Done is closed when the server has ended, asked or not.
func (r *RedisServer) Done() <-chan struct{} { return r.child.done }

// Stop stops the server and removes its directory.
func (r *RedisServer) Stop(ctx context.Context) error {
	err := r.child.stop(ctx, syscall.SIGTERM)
	return errors.Join(err, os.RemoveAll(r.dir))
}

func (r *RedisServer) socket() string  { return filepath.Join(r.dir, "redis.sock") }
func (r *RedisServer) logPath() string { return filepath.Join(r.dir, "redis.log") }
