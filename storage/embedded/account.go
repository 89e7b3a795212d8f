package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who the children run as: PostgreSQL refuses to run as root.
type account struct {
	name     string
	uid, gid uint32
	drop     bool // this process is root and gives its rights up for the child
}

// childAccount is this process's own account, or for root the owner of dir, or the first unprivileged one there is.
func childAccount(dir string) (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{name: strconv.Itoa(uid), uid: uint32(uid), gid: uint32(os.Getegid())}, nil
	}
	if uid, ok := ownerOf(dir); ok && uid != 0 {
		return lookUp(user.LookupId(strconv.Itoa(int(uid))))
	}
	for _, name := range []string{"liaison", "postgres", "nobody"} {
		if acc, err := lookUp(user.Lookup(name)); err == nil {
			return acc, nil
		}
	}
	return account{}, errors.New("PostgreSQL may not run as root and this system has no account for it: " +
		"create one named liaison, or start liaison as an ordinary user")
}

func lookUp(u *user.User, err error) (account, error) {
	if err != nil {
		return account{}, fmt.Errorf("account of the embedded services: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("account %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("account %s: %w", u.Username, err)
	}
	return account{name: u.Username, uid: uint32(uid), gid: uint32(gid), drop: true}, nil
}

func ownerOf(path string) (uint32, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return st.Uid, true
}

// credential is what the child's process starts with; nil when it keeps ours.
func (a account) credential() *syscall.Credential {
	if !a.drop {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// place makes a directory of ours that the account may pass through, but not read.
func (a account) place(dir string) error {
	mode := os.FileMode(0o700)
	if a.drop {
		mode = 0o711
	}
	if blocked := a.blockedAt(filepath.Dir(dir)); blocked != "" {
		return a.blockedError(dir, blocked)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := a.letThrough(dir); err != nil {
		return err
	}
	if blocked := a.blockedAt(dir); blocked != "" {
		return a.blockedError(dir, blocked)
	}
	return nil
}

// own gives dir and all below it to the account.
func (a account) own(dir string) error {
	if !a.drop {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(a.uid), int(a.gid))
	})
}

// letThrough opens a directory of root's own to the account, for passing through only: its files keep their modes.
func (a account) letThrough(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	owner, _ := ownerOf(dir)
	if !a.drop || owner != 0 || a.mayEnter(info) {
		return nil
	}
	return os.Chmod(dir, info.Mode().Perm()|0o011)
}

// blockedAt is the first directory on the way to path, links followed, that the account may not enter, or "".
func (a account) blockedAt(path string) string {
	if !a.drop {
		return ""
	}
	if blocked := a.blockedAbove(path); blocked != "" {
		return blocked
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return ""
	}
	return a.blockedAbove(real)
}

func (a account) blockedAbove(path string) string {
	blocked := ""
	for dir := filepath.Clean(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && info.IsDir() && !a.mayEnter(info) {
			blocked = dir
		}
		if dir == filepath.Dir(dir) {
			return blocked
		}
	}
}

func (a account) mayEnter(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return true
	case st.Uid == a.uid:
		return info.Mode()&0o100 != 0
	case st.Gid == a.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}

func (a account) blockedError(path, blocked string) error {
	return fmt.Errorf("%s: the account %s, which the database runs as because liaison was started as root, may not enter %s: "+
		"set LIAISON_DATA to a directory whose parents it may enter (for example /var/lib/liaison/mine), "+
		"or start liaison as an ordinary user", path, a.name, blocked)
}
