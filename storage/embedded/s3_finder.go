package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const gatewayName = "versitygw"

// findGateway looks for the S3 gateway: LIAISON_VERSITYGW, beside this binary, in bin/ of its checkout or of the working
// directory's, on PATH. LIAISON_VERSITYGW alone is never passed over.
func findGateway() (string, error) {
	s := gatewaySearch{env: os.Getenv("LIAISON_VERSITYGW"), lookPath: exec.LookPath}
	add := func(dir string, err error) {
		if err == nil && !slices.Contains(s.dirs, dir) {
			s.dirs = append(s.dirs, dir)
		}
	}
	exe, err := os.Executable()
	add(filepath.Dir(exe), err)
	for _, root := range searchRoots() {
		if Checkout(root) == root {
			add(filepath.Join(root, "bin"), nil)
		}
	}
	return s.find()
}

type gatewaySearch struct {
	env      string
	dirs     []string
	lookPath func(string) (string, error)
}

func (s gatewaySearch) find() (string, error) {
	if s.env != "" {
		if err := runnable(s.env); err != nil {
			return "", fmt.Errorf("LIAISON_VERSITYGW: %w", err)
		}
		return filepath.Abs(s.env)
	}
	for _, dir := range s.dirs {
		if path := filepath.Join(dir, gatewayName); runnable(path) == nil {
			return path, nil
		}
	}
	if path, err := s.lookPath(gatewayName); err == nil {
		return filepath.Abs(path)
	}
	return "", fmt.Errorf(`the S3 gateway (versitygw), which keeps documents on this machine, was not found.
  looked for: LIAISON_S3_ENDPOINT; LIAISON_VERSITYGW; versitygw in %s; versitygw on PATH
  either:  make build                         (builds it once, as bin/versitygw, beside bin/liaison)
  or:      put versitygw beside the binary liaison, or on PATH
  or:      export LIAISON_VERSITYGW=FILE      (the program)
  or:      export LIAISON_S3_ENDPOINT=https://host LIAISON_S3_BUCKET=…   (an S3 of your own; the README names the rest)`,
		strings.Join(s.dirs, ", "))
}

func runnable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not a program", path)
	}
	return nil
}

// reachable is the program, or a copy of it below the data directory when the account may not enter its directory: a
// checkout in /root, for example.
func (g *Gateway) reachable() (string, error) {
	if g.acc.blockedAt(filepath.Dir(g.program)) == "" {
		return g.program, nil
	}
	dst := filepath.Join(g.dir, gatewayName)
	if sameFile(g.program, dst) {
		return dst, nil
	}
	if err := copyProgram(g.program, dst); err != nil {
		return "", fmt.Errorf("copy the S3 gateway to where the account %s can run it: %w", g.acc.name, err)
	}
	return dst, nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && one.Size() == other.Size() && one.ModTime().Equal(other.ModTime())
}

// copyProgram copies under another name first, so that what was interrupted is never taken for whole.
func copyProgram(src, dst string) error {
	from, err := os.Open(src)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	to, err := os.OpenFile(dst+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(to.Name(), 0o755), os.Chtimes(to.Name(), info.ModTime(), info.ModTime())); err != nil {
		return err
	}
	return os.Rename(to.Name(), dst)
}
