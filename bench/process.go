package bench

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc: Linux gives programs hundredths of a second, whatever its own clock.
const tick = 10 * time.Millisecond

// usage is CPU time spent up to one instant.
type usage struct {
	server, database, driver time.Duration
	busy, total              time.Duration // of the whole machine
}

// meter reads what a server, its PostgreSQL, this process and the machine have used.
type meter struct{ server, postmaster int }

func (m meter) read() (u usage, err error) {
	if u.server, err = cpuOf(m.server); err != nil {
		return u, err
	}
	if u.database, err = cpuOfFamily(m.postmaster); err != nil {
		return u, err
	}
	if u.driver, err = cpuOf(os.Getpid()); err != nil {
		return u, err
	}
	u.busy, u.total, err = cpuOfMachine()
	return u, err
}

func (u usage) since(before usage) usage {
	return usage{
		u.server - before.server, u.database - before.database, u.driver - before.driver, u.busy - before.busy, u.total - before.total,
	}
}

func (u usage) plus(more usage) usage {
	return usage{
		u.server + more.server, u.database + more.database, u.driver + more.driver, u.busy + more.busy, u.total + more.total,
	}
}

// foreign is the share of the machine used by neither the server, the database nor this process.
func (u usage) foreign() float64 {
	if u.total <= 0 {
		return 0
	}
	return max(0, float64(u.busy-u.server-u.database-u.driver)/float64(u.total))
}

// procStat is what is used here of /proc/<pid>/stat.
type procStat struct {
	parent        int
	own, children time.Duration // children: those that ended and were waited for
}

func parseStat(text string) (s procStat, err error) {
	// The name stands in parentheses and may hold anything.
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 {
		return s, fmt.Errorf("process state of %d fields", len(fields))
	}
	var ticks [4]time.Duration
	for i := range ticks {
		n, err := strconv.ParseInt(fields[11+i], 10, 64)
		if err != nil {
			return s, err
		}
		ticks[i] = time.Duration(n) * tick
	}
	s.parent, err = strconv.Atoi(fields[1])
	s.own, s.children = ticks[0]+ticks[1], ticks[2]+ticks[3]
	return s, err
}

func statOf(pid int) (procStat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	return parseStat(string(text))
}

func cpuOf(pid int) (time.Duration, error) {
	s, err := statOf(pid)
	return s.own, err
}

// cpuOfFamily adds a process, its children, and what its ended children had used. A child that ends meanwhile would be
// counted nowhere: then it is read again.
func cpuOfFamily(pid int) (sum time.Duration, err error) {
	for range 20 {
		before, err := statOf(pid)
		if err != nil {
			return 0, err
		}
		sum = before.own + before.children + cpuOfChildren(pid)
		after, err := statOf(pid)
		if err != nil {
			return 0, err
		}
		if after.children == before.children {
			break
		}
	}
	return sum, nil
}

func cpuOfChildren(pid int) (sum time.Duration) {
	paths, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is good
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended: its parent has its time
		}
		if s, err := parseStat(string(text)); err == nil && s.parent == pid {
			sum += s.own
		}
	}
	return sum
}

// cpuOfMachine gives busy and total time of all cores. Time stolen by the host counts as busy: it was not ours.
func cpuOfMachine() (busy, total time.Duration, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	return parseMachine(string(text))
}

func parseMachine(text string) (busy, total time.Duration, err error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("machine state %q", line)
	}
	for i, field := range fields[1:9] { // user nice system idle iowait irq softirq steal; guests are in user
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, err
		}
		total += time.Duration(n) * tick
		if i != 3 && i != 4 {
			busy += time.Duration(n) * tick
		}
	}
	return busy, total, nil
}

// residentOf is the memory of a process that is in RAM, in bytes.
func residentOf(pid int) (int64, error) { return statusOf(pid, "VmRSS:") }

// highestOf is the most it ever was.
func highestOf(pid int) (int64, error) { return statusOf(pid, "VmHWM:") }

func statusOf(pid int, field string) (int64, error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), field); ok {
			kib, err := strconv.ParseInt(strings.Fields(text)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no memory to read", pid)
}
