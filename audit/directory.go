package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// Directory exports blocks as files under it: better a disk of another machine.
type Directory string

// Put writes the file whole and on disk before it appears under its name.
func (d Directory) Put(_ context.Context, name string, data []byte) error {
	path := filepath.Join(string(d), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	_, err = part.Write(data)
	if err = errors.Join(err, part.Chmod(0o400), part.Sync(), part.Close()); err != nil {
		return err
	}
	// A link fails when the name is taken, as O_EXCL does, and never shows half a file.
	if err := os.Link(part.Name(), path); err != nil {
		return alreadyThere(path, data, err)
	}
	return errors.Join(syncDirectory(filepath.Dir(path)), syncDirectory(string(d)))
}

// Has says whether a block of that name was exported.
func (d Directory) Has(_ context.Context, name string) (bool, error) {
	_, err := os.Stat(filepath.Join(string(d), filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Blocks reads every exported block, by number; several may bear the same after a restore.
func (d Directory) Blocks(context.Context) iter.Seq2[*Block, error] {
	return func(yield func(*Block, error) bool) {
		err := filepath.WalkDir(string(d), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" {
				return err
			}
			b, err := readExport(path)
			if err != nil {
				return err
			}
			if !yield(b, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, fmt.Errorf("read exported blocks: %w", err))
		}
	}
}

var errEnough = errors.New("enough")

func readExport(path string) (*Block, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b := &Block{}
	if err := json.Unmarshal(data, b); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

func alreadyThere(path string, data []byte, err error) error {
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	there, readErr := os.ReadFile(path)
	if readErr != nil {
		return readErr
	}
	if !bytes.Equal(there, data) {
		return fmt.Errorf("%s holds something else", path)
	}
	return err
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
