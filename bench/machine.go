package bench

import (
	"context"
	"os"
	"runtime"
	"strings"
	"syscall"

	"liaison/storage"
)

// Machine is what figures depend on.
type Machine struct {
	Cores      int    `json:"cores"`
	Processor  string `json:"processor"`
	MemoryMiB  int64  `json:"memory_mib"`
	Kernel     string `json:"kernel"`
	FileSystem string `json:"file_system"` // under the database
	PostgreSQL string `json:"postgresql"`
	Fsync      string `json:"fsync"`
	SyncMethod string `json:"wal_sync_method"`
	Go         string `json:"go"`
	LoadBefore string `json:"load_before"` // of one, five and fifteen minutes
	LoadAfter  string `json:"load_after"`
}

func machineFacts(ctx context.Context, q storage.Querier, dataDir string) (Machine, error) {
	m := Machine{
		Cores: runtime.NumCPU(), Go: runtime.Version(), Kernel: firstLine("/proc/sys/kernel/osrelease"),
		Processor: labelled("/proc/cpuinfo", "model name"), FileSystem: fileSystem(dataDir), LoadBefore: loadAverage(),
	}
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) == nil {
		m.MemoryMiB = int64(info.Totalram) * int64(info.Unit) >> 20
	}
	err := q.QueryRow(ctx, "select current_setting('server_version'), current_setting('fsync'), current_setting('wal_sync_method')").
		Scan(&m.PostgreSQL, &m.Fsync, &m.SyncMethod)
	return m, err
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func loadAverage() string {
	fields := strings.Fields(firstLine("/proc/loadavg"))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

// labelled finds « name : value » in a file of /proc.
func labelled(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if label, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(label) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// fileSystem names what the database writes on: on one that lives in memory, durable means nothing.
func fileSystem(dir string) string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "unknown"
	}
	switch uint32(s.Type) {
	case 0xef53:
		return "ext4"
	case 0x58465342:
		return "xfs"
	case 0x9123683e:
		return "btrfs"
	case 0x01021994:
		return "tmpfs (in memory: durable means nothing here; --dir names another place)"
	case 0x794c7630:
		return "overlay"
	default:
		return "other"
	}
}
