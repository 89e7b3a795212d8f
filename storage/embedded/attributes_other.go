//go:build !linux

package embedded

// Elsewhere nobody is asked: a directory of metadata works on every file system.
func keepsAttributes(string) bool { return false }
