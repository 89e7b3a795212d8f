package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"

	"liaison/storage/embedded"
)

type clusterCmd struct {
	settings
	Nodes int `default:"3" help:"How many nodes, on consecutive ports from LIAISON_LISTEN."`
}

// Run keeps PostgreSQL, the S3 gateway and Redis in this process's care and each node in a process of its own: killing any node leaves the
// others and the database up.
func (c clusterCmd) Run(ctx context.Context, log *slog.Logger) error {
	p, err := c.prepare(ctx, log)
	if err != nil {
		return err
	}
	defer p.stop()
	if p.RedisURL == "" {
		redis, err := embedded.Redis(ctx, log)
		if err != nil {
			return err
		}
		defer func() { _ = redis.Stop(context.Background()) }()
		p.RedisURL = redis.URL()
		announce("Redis: process %d", redis.PID())
	}
	if err := loadDemo(ctx, p.Config); err != nil {
		return err
	}
	return c.keepNodes(ctx, p, log)
}

func (c clusterCmd) keepNodes(ctx context.Context, p prepared, log *slog.Logger) error {
	var nodes sync.WaitGroup
	defer nodes.Wait()
	for i := range c.Nodes {
		address, err := nthAddress(c.Listen, i)
		if err != nil {
			return err
		}
		cmd, err := startNode(p, address)
		if err != nil {
			return err
		}
		announce("node %d: http://%s, process %d", i+1, address, cmd.Process.Pid)
		nodes.Go(func() { watchNode(ctx, cmd, address, log) })
	}
	announceDemo("http://" + c.Listen)
	<-ctx.Done()
	return nil
}

// nthAddress gives the i-th address after the first one.
func nthAddress(first string, i int) (string, error) {
	host, port, err := net.SplitHostPort(first)
	if err != nil {
		return "", fmt.Errorf("LIAISON_LISTEN: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return "", fmt.Errorf("LIAISON_LISTEN: %w", err)
	}
	return net.JoinHostPort(host, strconv.Itoa(n+i)), nil
}

// startNode runs `liaison serve` as a child in a process group of its own, so that Ctrl-C reaches us first.
func startNode(p prepared, address string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "serve")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "LIAISON_DATABASE_URL="+p.DatabaseURL, "LIAISON_DATABASE_OWNER_URL="+p.OwnerURL,
		"LIAISON_KEYS_DATABASE_URL="+p.KeysURL, "LIAISON_MASTER_KEY_FILE="+p.MasterKeyFile, "LIAISON_REDIS_URL="+p.RedisURL,
		"LIAISON_JOURNAL_DIR="+p.JournalDir, "LIAISON_LISTEN="+address, "LIAISON_METRICS_LISTEN=")
	cmd.Env = append(cmd.Env, s3Environment(p.S3)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node on %s: %w", address, err)
	}
	return cmd, nil
}

// watchNode waits for a node; at the end it asks it to drain.
func watchNode(ctx context.Context, cmd *exec.Cmd, address string, log *slog.Logger) {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		log.Warn("a node ended; the others go on", "address", address, "error", err)
	case <-ctx.Done():
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	}
}
