package embedded

import "syscall"

// keepsAttributes says whether the file system of dir keeps extended attributes of a user.
func keepsAttributes(dir string) bool {
	const name = "user.liaison"
	if syscall.Setxattr(dir, name, []byte("1"), 0) != nil {
		return false
	}
	return syscall.Removexattr(dir, name) == nil
}
