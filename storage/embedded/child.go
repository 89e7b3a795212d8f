package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// child is a service's process. It has its own process group, so that a Ctrl-C in the terminal reaches this process
// alone, and it is told to stop when this process dies, however it dies.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // valid once done is closed
}

// command prepares a program of the account with a small environment: PG* and locale settings of the user must not
// change what it does.
func command(acc account, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = childAttributes(acc.credential())
	return cmd
}

func start(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The death signal is sent when the starting thread ends, not the process: keep the thread.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	return c, nil
}

// stop asks with sig and waits; when ctx ends first the child is killed.
func (c *child) stop(ctx context.Context, sig syscall.Signal) error {
	if err := c.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", filepath.Base(c.cmd.Path), err)
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
	}
	c.kill()
	return fmt.Errorf("%s did not stop in time and was killed: %w", filepath.Base(c.cmd.Path), ctx.Err())
}

// kill ends the child's whole group at once; once it has ended its number may be another's.
func (c *child) kill() {
	select {
	case <-c.done:
		return
	default:
	}
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	<-c.done
}

// ready asks until the answer is nil, the child ends, or ctx does.
func (c *child) ready(ctx context.Context, ask func(context.Context) error) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-c.done:
			return fmt.Errorf("it ended at once (%v)", c.err)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}

// socketDir makes a private directory with a short name: the path of a unix socket has 107 bytes at most.
func socketDir(acc account) (string, error) {
	var tried []string
	for _, base := range []string{os.TempDir(), "/tmp", "/run"} {
		if len(base) > 60 || acc.blockedAt(base) != "" {
			tried = append(tried, base+" (too long, or closed to the account "+acc.name+")")
			continue
		}
		dir, err := os.MkdirTemp(base, "liaison-")
		if err != nil {
			tried = append(tried, err.Error())
			continue
		}
		return dir, acc.own(dir)
	}
	return "", fmt.Errorf("no place for a socket: %s", strings.Join(tried, "; "))
}

// lastLines is the end of a service's log, for an error message.
func lastLines(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n  ")
}
