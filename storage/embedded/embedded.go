// Package embedded starts the private services of an instance that is configured with none: a PostgreSQL cluster, an S3
// gateway and, for several nodes and for tests, a Redis server. It finds the binaries, prepares their directories, runs
// them as children that die with this process, and stops them. It knows no schema and no notion of the product.
package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// DefaultDataDir is LIAISON_DATA, else a directory of this user and this checkout, so that two checkouts never meet.
func DefaultDataDir() (string, error) {
	if dir := os.Getenv("LIAISON_DATA"); dir != "" {
		return filepath.Abs(dir)
	}
	base, err := dataHome()
	if err != nil {
		return "", err
	}
	return filepath.Join(base, "liaison", dataKey()), nil
}

func dataHome() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no place for the data: set LIAISON_DATA or HOME (%w)", err)
	}
	return filepath.Join(home, ".local", "share"), nil
}

func dataKey() string {
	exe, err := os.Executable()
	if err != nil {
		return "default"
	}
	root := Checkout(filepath.Dir(exe))
	if root == "" {
		return "default"
	}
	return shortHash(root)
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:5])
}

// Checkout is the directory at or above dir that holds the project's go.mod, or "".
func Checkout(dir string) string {
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module liaison\n") {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// lockDir makes sure that one process uses dir. The lock ends with the process, whatever ends it.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := os.ReadFile(path)
		f.Close()
		return nil, fmt.Errorf("another liaison (process %s) uses %s: stop it, or set LIAISON_DATA to another directory",
			strings.TrimSpace(string(holder)), dir)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	fmt.Fprintf(f, "%d\n", os.Getpid())
	return f, nil
}

// unlockDir gives the lock back at once: closing alone does not while a child that is just being started still holds a copy.
func unlockDir(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	_ = f.Close()
}
