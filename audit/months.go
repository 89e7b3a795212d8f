package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

const (
	// LeastMonths is the shortest retention: nobody who asks what became of a patient's data may come too late.
	LeastMonths = 6
	// monthsAhead have their tables before their first line.
	monthsAhead = 3
)

// ErrRetention refuses a retention that keeps too little.
var ErrRetention = fmt.Errorf("the journal is kept for ever (0) or for at least %d months", LeastMonths)

// CheckMonths says whether a journal may be kept for so many months.
func CheckMonths(months int) error {
	if months != 0 && months < LeastMonths {
		return fmt.Errorf("%w, not for %d", ErrRetention, months)
	}
	return nil
}

// MakeMonths makes the tables of the months to come, and those of lines that found none.
func MakeMonths(ctx context.Context, q storage.Querier) error {
	if _, err := q.Exec(ctx, "select make_journal_months($1)", monthsAhead); err != nil {
		return fmt.Errorf("make the journal's months: %w", err)
	}
	return nil
}

// month is the first instant of one, UTC.
type month struct{ time.Time }

const tableOfMonth = "audit_lines_2006_01"

func (m month) table() string { return m.Format(tableOfMonth) }

func (m month) end() time.Time { return m.AddDate(0, 1, 0) }

// over says whether the whole month is older than so many months.
func (m month) over(months int, now time.Time) bool { return !m.end().AddDate(0, months, 0).After(now) }

// monthsOver gives those wholly older than so many months that still have a table, oldest first.
func monthsOver(ctx context.Context, q storage.Querier, months int, now time.Time) (over []month, err error) {
	rows, err := q.Query(ctx, `select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
		where i.inhparent = 'audit_lines'::regclass and c.relname <> 'audit_lines_other' order by 1`)
	if err != nil {
		return nil, fmt.Errorf("list the journal's months: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the journal's months: %w", err)
	}
	for _, table := range tables {
		from, err := time.Parse(tableOfMonth, table)
		if err != nil {
			return nil, fmt.Errorf("a month of the journal that is none: %w", err)
		}
		if m := (month{from}); m.over(months, now) {
			over = append(over, m)
		}
	}
	return over, nil
}

// errClocks keeps a clock that jumped from ageing the journal.
var errClocks = errors.New("the clocks of the database and of this node differ: no month is removed")

// agreedTime is the database's, if ours is about the same.
func agreedTime(ctx context.Context, q storage.Querier) (now time.Time, err error) {
	if err = q.QueryRow(ctx, "select clock_timestamp()").Scan(&now); err != nil {
		return now, fmt.Errorf("ask the time: %w", err)
	}
	if time.Since(now).Abs() > time.Hour {
		return now, fmt.Errorf("%w (%s there, %s here)", errClocks, now.UTC().Format(time.RFC3339), time.Now().UTC().Format(time.RFC3339))
	}
	return now.UTC(), nil
}
