package embedded

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Join finds the cluster that another process keeps running in a data directory, for an operator's command beside a server.
// Stop leaves such a cluster alone. False when none runs.
func Join(ctx context.Context, dataDir string, log *slog.Logger) (*Cluster, bool) {
	c := &Cluster{DataDir: dataDir, log: log}
	note, err := os.ReadFile(filepath.Join(dataDir, "socket"))
	if err != nil {
		return nil, false
	}
	c.socket = strings.TrimSpace(string(note))
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := c.ping(ctx); err != nil {
		return nil, false
	}
	c.joined = true
	return c, true
}
