package node

import (
	"context"
	"time"

	"liaison/audit"
)

// keepJournal makes the months the journal is to be written in, and removes those past its retention: at once, then hourly.
func (n *Node) keepJournal(ctx context.Context) {
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		if err := n.journalMonths(ctx); err != nil && ctx.Err() == nil {
			n.Log.Error("months of the journal", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-hourly.C:
		}
	}
}

func (n *Node) journalMonths(ctx context.Context) error {
	if err := audit.MakeMonths(ctx, n.DB.Pool); err != nil {
		return err
	}
	return n.Sealer.Retain(ctx, n.OwnerURL, n.JournalMonths)
}
