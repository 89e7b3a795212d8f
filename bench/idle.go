package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Idle is what sockets cost that nobody writes to: each of another person, authenticated, subscribed to her one team.
type Idle struct {
	Sockets     int     `json:"sockets"`
	BaseMiB     float64 `json:"base_mib"`       // without sockets
	KiBPer      float64 `json:"kib_per_socket"` // resident memory
	HeapKiBPer  float64 `json:"heap_kib_per_socket"`
	StackKiBPer float64 `json:"stack_kib_per_socket"`
}

// memory is what a process holds, in bytes.
type memory struct {
	resident    int64
	heap, stack float64 // of Go's runtime, in use
}

func (r *run) idle(ctx context.Context) error {
	r.say("opening %d idle sockets", r.Sockets)
	s, err := r.serve(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	before, err := s.settled(ctx)
	if err != nil {
		return err
	}
	quiet, silent := func(int, []byte) {}, func(int, error) bool { return false }
	closeAll, err := connect(ctx, s.address, r.world.everybody()[:r.Sockets], quiet, silent)
	if err != nil {
		return err
	}
	defer closeAll()
	after, err := s.settled(ctx)
	if err != nil {
		return err
	}
	each := func(bytes float64) float64 { return bytes / 1024 / float64(r.Sockets) }
	r.report.Idle = Idle{
		Sockets: r.Sockets, BaseMiB: mib(before.resident), KiBPer: each(float64(after.resident - before.resident)),
		HeapKiBPer: each(after.heap - before.heap), StackKiBPer: each(after.stack - before.stack),
	}
	return nil
}

const (
	settleLook  = 250 * time.Millisecond
	settleLooks = 16 // in a row that must agree
	settleMost  = 30 * time.Second
)

// settled waits until the server's memory stays within a hundredth, or for half a minute at most, and reads it.
func (s *server) settled(ctx context.Context) (m memory, err error) {
	look := time.NewTicker(settleLook)
	defer look.Stop()
	began, same, reference := time.Now(), 0, int64(0)
	for same < settleLooks && time.Since(began) < settleMost {
		select {
		case <-look.C:
		case <-ctx.Done():
			return m, ctx.Err()
		}
		if m.resident, err = residentOf(s.pid()); err != nil {
			return m, err
		}
		if difference := m.resident - reference; difference > reference/100 || -difference > reference/100 {
			same, reference = 0, m.resident
		}
		same++
	}
	m.heap, m.stack, err = s.runtimeMemory(ctx)
	return m, err
}

func (s *server) runtimeMemory(ctx context.Context) (heap, stack float64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.metrics+"/metrics", nil)
	if err != nil {
		return 0, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, fmt.Errorf("read metrics: %w", err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "go_memstats_heap_inuse_bytes":
			heap, err = strconv.ParseFloat(value, 64)
		case "go_memstats_stack_inuse_bytes":
			stack, err = strconv.ParseFloat(value, 64)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return heap, stack, nil
}
