package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const socketName = "s3.sock"

// gatewayKeys reads the gateway's credentials, or makes them at the first start.
func gatewayKeys(path string) (access, secret string, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		text = []byte(rand.Text() + "\n" + rand.Text() + rand.Text() + "\n")
		err = writeWhole(path, text)
	}
	if err != nil {
		return "", "", fmt.Errorf("keys of the S3 gateway: %w", err)
	}
	fields := strings.Fields(string(text))
	if len(fields) != 2 {
		return "", "", fmt.Errorf("keys of the S3 gateway: %s does not hold two words: remove it, and new ones are made", path)
	}
	return fields[0], fields[1], nil
}

// writeWhole writes a private file under another name first, so that what was interrupted is never taken for whole.
func writeWhole(path string, text []byte) error {
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// note remembers the process and its socket for the next start, should this process be killed, and for JoinS3.
func (g *Gateway) note() error {
	return writeWhole(g.notePath(), fmt.Appendf(nil, "%d\n%s\n", g.PID(), g.socket))
}

func (g *Gateway) readNote() (pid int, socket string, ok bool) {
	text, err := os.ReadFile(g.notePath())
	if err != nil {
		return 0, "", false
	}
	_, err = fmt.Sscanf(string(text), "%d\n%s\n", &pid, &socket)
	return pid, socket, err == nil && pid > 0
}

// settleLeftovers ends the gateway of a process that was killed, and removes its socket. We hold the lock, so nobody else's
// can be meant. Where /proc does not tell whose a process is, it is left: without its socket nobody reaches it.
func (g *Gateway) settleLeftovers() {
	pid, socket, ok := g.readNote()
	if !ok {
		return
	}
	files, err := filepath.EvalSymlinks(g.Files())
	if cwd, readErr := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil && readErr == nil && cwd == files {
		g.log.Warn("an S3 gateway was left behind on this data directory: ending it", "pid", pid, "objects", g.dir)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	removeGatewaySocket(socket)
	_ = os.Remove(g.notePath())
}

// removeGatewaySocket removes the file a gateway leaves and the directory, and nothing else should it hold more.
func removeGatewaySocket(dir string) {
	if !strings.HasPrefix(filepath.Base(dir), "liaison-") {
		return
	}
	_ = os.Remove(filepath.Join(dir, socketName))
	_ = os.Remove(dir)
}

// JoinS3 finds the gateway that another process keeps running in a data directory, for an operator's command beside a server.
// Stop leaves such a gateway alone. False when none runs.
func JoinS3(ctx context.Context, dataDir string, log *slog.Logger) (*Gateway, bool) {
	g := &Gateway{dir: filepath.Join(dataDir, "objects"), log: log, joined: true}
	_, socket, ok := g.readNote()
	if !ok {
		return nil, false
	}
	g.socket = socket
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := g.ping(ctx); err != nil {
		return nil, false
	}
	text, err := os.ReadFile(g.keysPath())
	if fields := strings.Fields(string(text)); err == nil && len(fields) == 2 {
		g.AccessKey, g.SecretKey = fields[0], fields[1]
	}
	return g, g.SecretKey != ""
}
