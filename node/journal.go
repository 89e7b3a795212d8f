package node

import (
	"context"
	"time"

	"liaison/audit"
)

// runJournal looks after the journal's months at once, then hourly.
func (n *Node) runJournal(ctx context.Context) {
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		if err := n.KeepJournal(ctx); err != nil && ctx.Err() == nil {
			n.Log.Error("months of the journal", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-hourly.C:
		}
	}
}

// KeepJournal makes the months the journal is to be written in, and removes those past its retention.
func (n *Node) KeepJournal(ctx context.Context) error {
	if err := audit.MakeMonths(ctx, n.DB.Pool); err != nil {
		return err
	}
	return n.Sealer.Retain(ctx, n.OwnerURL, n.JournalMonths)
}
