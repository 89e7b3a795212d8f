package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// dataMajor is the PostgreSQL that made the data, or 0 when there is none yet.
func (c *Cluster) dataMajor() (int, error) {
	text, err := os.ReadFile(filepath.Join(c.pgdata(), "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the data's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("the data's version in %s: %w", c.pgdata(), err)
	}
	return major, nil
}

// initialise makes the cluster under another name first, so that what was interrupted is never taken for whole.
func (c *Cluster) initialise(ctx context.Context, acc account, durable bool) error {
	if _, err := os.Stat(c.pgdata()); err == nil {
		return acc.own(c.pgdata())
	}
	part := c.pgdata() + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("clear an interrupted start: %w", err)
	}
	if err := os.Mkdir(part, 0o700); err != nil {
		return err
	}
	if err := acc.own(part); err != nil {
		return err
	}
	args := []string{"-D", part, "-U", Owner, "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C"}
	if !durable {
		args = append(args, "--no-sync")
	}
	if err := c.initdb(ctx, acc, part, args); err != nil {
		return err
	}
	return os.Rename(part, c.pgdata())
}

func (c *Cluster) initdb(ctx context.Context, acc account, dir string, args []string) error {
	var out strings.Builder
	cmd := command(acc, dir, filepath.Join(c.Binaries.Dir, "initdb"), args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	run, err := start(cmd)
	if err != nil {
		return err
	}
	select {
	case <-run.done:
	case <-ctx.Done():
		run.kill()
		return fmt.Errorf("make the cluster: %w", ctx.Err())
	}
	if run.err != nil {
		return fmt.Errorf("make the cluster: initdb: %w\n  %s", run.err, strings.TrimSpace(out.String()))
	}
	return nil
}

// settleLeftovers deals with what a killed process left: a server that still stops, the note of its process, its socket.
// We hold the data directory's lock, so nobody else's server can be meant.
func (c *Cluster) settleLeftovers(ctx context.Context) error {
	if err := c.awaitOrphan(ctx); err != nil {
		return err
	}
	if dir, err := os.ReadFile(c.socketNote()); err == nil {
		removeSocketDir(strings.TrimSpace(string(dir)))
	}
	return nil
}

func (c *Cluster) awaitOrphan(ctx context.Context) error {
	pid, ok := c.notedProcess()
	if !ok {
		return nil
	}
	if !c.servesOurData(pid) {
		return c.disownProcess()
	}
	c.log.Warn("a PostgreSQL was left behind on this data directory: stopping it", "pid", pid, "data", c.DataDir)
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop the PostgreSQL left behind (process %d): %w", pid, err)
	}
	return c.untilGone(ctx, pid)
}

func (c *Cluster) untilGone(ctx context.Context, pid int) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for syscall.Kill(pid, 0) == nil && c.servesOurData(pid) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("a PostgreSQL left behind (process %d) does not stop on %s: end it, then start again", pid, c.DataDir)
		}
	}
	return nil
}

// notedProcess is the living process that postmaster.pid names.
func (c *Cluster) notedProcess() (pid int, ok bool) {
	text, err := os.ReadFile(c.pidFile())
	if err != nil {
		return 0, false
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err = strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid <= 0 {
		return 0, false
	}
	return pid, syscall.Kill(pid, 0) == nil
}

// servesOurData says whether the process is a PostgreSQL of this directory: its working directory is the data's.
func (c *Cluster) servesOurData(pid int) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false
	}
	data, err := filepath.EvalSymlinks(c.pgdata())
	return err == nil && cwd == data
}

// disownProcess handles a number that was given to another program since (after a reboot, say): PostgreSQL would take
// that one for its twin. A server passes over its own parent, so we put our number there; the rest of the note stays,
// because it leads PostgreSQL to shared memory still in use.
func (c *Cluster) disownProcess() error {
	text, err := os.ReadFile(c.pidFile())
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	f, err := os.OpenFile(c.pidFile(), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "%d\n%s", os.Getpid(), rest)
	return err
}

func (c *Cluster) pidFile() string { return filepath.Join(c.pgdata(), "postmaster.pid") }
