package storagetest

import (
	"context"
	"fmt"

	"liaison/storage"
)

// templateLock is the advisory lock under which one process makes the template and the others wait.
const templateLock = 0x6c696169736f6e // "liaison"

// ensureTemplate migrates a database once per schema and closes it to connections, so that it can be cloned at any time.
func ensureTemplate(ctx context.Context, s *server) (string, error) {
	name := "template_" + storage.SchemaHash()
	conn, err := s.admin.Acquire(ctx)
	if err != nil {
		return "", fmt.Errorf("reach the test cluster: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", templateLock); err != nil {
		return "", fmt.Errorf("lock the template: %w", err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", templateLock) }()
	var there bool
	err = conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1 and not datallowconn)", name).Scan(&there)
	if err != nil || there {
		return name, err
	}
	// One that still allows connections was never finished.
	for _, sql := range []string{"drop database if exists " + name + " with (force)", "create database " + name} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return "", fmt.Errorf("make the template: %w", err)
		}
	}
	if err := storage.Migrate(ctx, withDatabase(s.ownerURL, name, "")); err != nil {
		return "", err
	}
	if _, err := conn.Exec(ctx, "alter database "+name+" allow_connections false"); err != nil {
		return "", fmt.Errorf("close the template: %w", err)
	}
	return name, nil
}
