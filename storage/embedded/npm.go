package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// hydrate makes the symbolic links that an npm archive cannot carry. The package's own script does the same, but npm
// does not always run it.
func hydrate(pkg string) error {
	list := filepath.Join(pkg, "native", "pg-symlinks.json")
	text, err := os.ReadFile(list)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the links of the npm package: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read %s: %w", list, err)
	}
	for _, l := range links {
		if err := hydrateOne(pkg, l.Source, l.Target); err != nil {
			return err
		}
	}
	return nil
}

func hydrateOne(pkg, source, target string) error {
	if !filepath.IsLocal(source) || !filepath.IsLocal(target) {
		return fmt.Errorf("the npm package in %s names a link outside itself: %s", pkg, target)
	}
	rel, err := filepath.Rel(filepath.Dir(target), source)
	if err != nil {
		return err
	}
	err = os.Symlink(rel, filepath.Join(pkg, target))
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make a link of the npm package: %w", err)
	}
	return nil
}

// reachable is b, or a copy of it below dataDir when the account may not enter its directory: a checkout in /root,
// for example. Only the npm package can be copied; an installed PostgreSQL is reachable anyway.
func (b Binaries) reachable(dataDir string, acc account) (Binaries, error) {
	blocked := acc.blockedAt(b.Dir)
	if blocked == "" {
		return b, nil
	}
	if !b.FromNPM {
		return b, acc.blockedError(b.Dir, blocked)
	}
	dst := filepath.Join(dataDir, "postgresql-"+b.Version)
	if _, err := os.Stat(dst); errors.Is(err, os.ErrNotExist) {
		if err := copyTree(filepath.Dir(b.Dir), dst); err != nil {
			return b, fmt.Errorf("copy PostgreSQL to where the account %s can run it: %w", acc.name, err)
		}
	}
	b.Dir = filepath.Join(dst, "bin")
	return b, nil
}

// copyTree copies under another name first, so that what was interrupted is never taken for whole.
func copyTree(src, dst string) error {
	part := dst + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := os.CopyFS(part, os.DirFS(src)); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o755); err != nil {
		return err
	}
	return os.Rename(part, dst)
}
