package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"liaison/node"
)

// server is `liaison serve` in a process of its own, so that what it uses is told from what we use.
type server struct {
	cmd     *exec.Cmd
	address string
	metrics string
	ready   time.Duration // from the start of the process to the first good answer
	ended   chan error
}

const patience = 30 * time.Second

func (r *run) serve(ctx context.Context) (*server, error) { return r.serveWith(ctx, r.Program) }

// serveWith runs another build of the program.
func (r *run) serveWith(ctx context.Context, program string) (*server, error) {
	var addresses [2]string
	for i := range addresses {
		var err error
		if addresses[i], err = freeAddress(); err != nil {
			return nil, err
		}
	}
	s := &server{address: addresses[0], metrics: addresses[1], ended: make(chan error, 1)}
	log, err := os.Create(filepath.Join(r.home, "server.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.cmd = exec.Command(program, "serve")
	s.cmd.Env = append(environment(r.ground.config(nil)), "LIAISON_LISTEN="+s.address, "LIAISON_METRICS_LISTEN="+s.metrics)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	if err := s.answers(ctx); err != nil {
		s.stop()
		return nil, fmt.Errorf("%w; its log ends: %s", err, lastLine(log.Name()))
	}
	s.ready = time.Since(began)
	return s, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// environment says everything of cfg; nothing of ours but PATH is passed on.
func environment(cfg node.Config) []string {
	said := []string{
		"PATH=" + os.Getenv("PATH"), "LIAISON_DATA=" + filepath.Dir(cfg.MasterKeyFile), "LIAISON_DATABASE_URL=" + cfg.DatabaseURL,
		"LIAISON_DATABASE_OWNER_URL=" + cfg.OwnerURL, "LIAISON_KEYS_DATABASE_URL=" + cfg.KeysURL,
		"LIAISON_MASTER_KEY_FILE=" + cfg.MasterKeyFile, "LIAISON_JOURNAL_DIR=" + cfg.JournalDir, "LIAISON_NO_RATE_LIMIT=true",
	}
	if cfg.S3.Set() {
		said = append(said, "LIAISON_S3_ENDPOINT="+cfg.S3.Endpoint, "LIAISON_S3_BUCKET="+cfg.S3.Bucket, "LIAISON_S3_ACCESS_KEY="+cfg.S3.AccessKey,
			"LIAISON_S3_SECRET_KEY="+cfg.S3.SecretKey, "LIAISON_S3_FILES="+cfg.S3.Files)
	}
	return said
}

func (s *server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.isReady(ctx) {
			return nil
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("the server ended at once: %v", err)
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func (s *server) isReady(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// stop asks, waits, and ends the process if asking does not help.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

func lastLine(path string) string {
	text, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// Starts is how the server starts over a database that is up.
type Starts struct {
	ReadyMillis Spread  `json:"ready_ms"`
	ResidentMiB float64 `json:"resident_mib"`
	BinaryMiB   float64 `json:"binary_mib"`
}

func (r *run) starts(ctx context.Context) error {
	r.say("starting the server %d times", r.Rounds)
	var ready []float64
	for range r.Rounds {
		s, err := r.serve(ctx)
		if err != nil {
			return err
		}
		ready = append(ready, float64(s.ready)/float64(time.Millisecond))
		resident, err := residentOf(s.pid())
		s.stop()
		if err != nil {
			return err
		}
		r.report.Starts.ResidentMiB = mib(resident)
	}
	r.report.Starts.ReadyMillis = spreadOf(ready)
	info, err := os.Stat(r.Program)
	if err != nil {
		return err
	}
	r.report.Starts.BinaryMiB = mib(info.Size())
	return nil
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// get asks for a resource of the API and reads it to its end.
func (s *server) get(ctx context.Context, path, token string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/api/v1"+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
