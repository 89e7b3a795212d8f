package storagetest

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"liaison/storage/embedded"
)

// place is the directory that the test programs of one user, one checkout and one choice of PostgreSQL share.
// users is locked by every program that uses the cluster, for as long as it lives; starting by the one that starts it;
// address holds the cluster's address.
type place string

func (p place) file(name string) string { return filepath.Join(string(p), name) }

// inUse keeps this process's lock on users: it must live as long as the process.
var inUse *os.File

// clusterURL is the owner's address of the shared cluster, which is started when nobody has. LIAISON_TEST_POSTGRES names
// another server instead: a superuser's address, on a server that lets the application role in without a password.
func clusterURL(ctx context.Context) (string, error) {
	if url := os.Getenv("LIAISON_TEST_POSTGRES"); url != "" {
		return url, nil
	}
	p, err := sharedPlace()
	if err != nil {
		return "", err
	}
	if inUse == nil {
		if inUse, err = locked(p.file("users"), syscall.LOCK_SH); err != nil {
			return "", err
		}
	}
	starting, err := locked(p.file("starting"), syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer starting.Close()
	if url, err := os.ReadFile(p.file("address")); err == nil && answers(ctx, string(url)) {
		return string(url), nil
	}
	return startServices(ctx, p)
}

func sharedPlace() (place, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	key := sha256.Sum256([]byte(embedded.Checkout(wd) + "\n" + os.Getenv("LIAISON_POSTGRES_BIN")))
	uid := os.Geteuid()
	mode := os.FileMode(0o700)
	if uid == 0 {
		mode = 0o711 // PostgreSQL's account passes through
	}
	dir := filepath.Join(fastDir(), fmt.Sprintf("liaison-test-%d-%s", uid, hex.EncodeToString(key[:5])))
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("place of the test cluster: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("place of the test cluster: %w", err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || !ok || int(st.Uid) != uid {
		return "", fmt.Errorf("%s is not a directory of user %d: remove it", dir, uid)
	}
	return place(dir), nil
}

// fastDir is memory where the system gives enough of it, else the directory for temporary files: a clone then costs a
// quarter. TMPDIR is a choice and is respected.
func fastDir() string {
	const memory, enough, noExec = "/dev/shm", 2 << 30, 8
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") != "" || syscall.Statfs(memory, &fs) != nil {
		return os.TempDir()
	}
	if uint64(fs.Bavail)*uint64(fs.Bsize) < enough || fs.Flags&noExec != 0 {
		return os.TempDir()
	}
	return memory
}

// locked opens and locks a file; the lock ends when the file is closed or the process ends.
func locked(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

func answers(ctx context.Context, url string) bool {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

// startServices runs this test program once more, as the process that keeps the cluster: it must outlive us while other
// test programs use it.
func startServices(ctx context.Context, p place) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	log, err := os.OpenFile(p.file("services.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer log.Close()
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), keeperOrder+"="+string(p))
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start the test cluster: %w", err)
	}
	defer out.Close()
	stop := context.AfterFunc(ctx, func() { out.Close() })
	defer stop()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		said, _ := os.ReadFile(p.file("services.log"))
		return "", fmt.Errorf("the test cluster did not start: %s", strings.TrimSpace(string(said)))
	}
	return strings.TrimSpace(line), nil
}
