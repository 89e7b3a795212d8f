package objects

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// flush puts a file of a gateway on this machine on disk, with the names that lead to it.
func (b *Bucket) flush(key string) error {
	if b.cfg.Files == "" {
		return nil
	}
	root := filepath.Clean(b.cfg.Files)
	for path := filepath.Join(root, b.cfg.Bucket, filepath.FromSlash(b.cfg.Prefix+key)); ; path = filepath.Dir(path) {
		if err := flushFile(path); err != nil {
			return fmt.Errorf("flush %s (LIAISON_S3_FILES names where the gateway keeps its buckets): %w", key, err)
		}
		if len(path) <= len(root) {
			return nil
		}
	}
}

func flushFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
