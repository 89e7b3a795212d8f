//go:build !linux

package embedded

import "syscall"

// Only Linux tells a child that its parent died; elsewhere the next start stops what was left behind.
func childAttributes(cred *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred}
}
