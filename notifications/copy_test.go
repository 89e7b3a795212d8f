package notifications_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"liaison/node"
	"liaison/notifications"
	"liaison/storage/copies"
	"liaison/storage/storagetest"
)

// A copy carries alerts, turns and devices, sealed as they are; what they wait for is planned again where it is loaded.
func TestAnOpenAlertGoesOnFromACopy(t *testing.T) {
	w := newWorld(t, notifications.Times{Grace: 2 * time.Second, Repeat: time.Hour, Next: 2 * time.Hour})
	d, _ := w.device(w.gp)
	w.urgent("nursing")
	w.stop()
	copied := w.moveToACopy()
	if bytes.Contains(copied, []byte(d.Endpoint)) {
		t.Error("the copy holds an endpoint")
	}
	w.start()
	if got := w.push.Wait(1); got[0].Device != d {
		t.Error("another device rang")
	}
}

// moveToACopy has the nodes that start from now on work on a copy of the database, as after a restore; no job is in it.
func (w *world) moveToACopy() []byte {
	w.Helper()
	var copied bytes.Buffer
	_, err := copies.Dump(w.Context(), w.db.OwnerURL, copies.Role, &copied)
	w.must(err)
	fresh := storagetest.New(w.T)
	_, err = copies.Load(w.Context(), fresh.OwnerURL, copies.Role, bytes.NewReader(copied.Bytes()), int64(copied.Len()), func(context.Context, pgx.Tx) error { return nil })
	w.must(err)
	w.cfg.DatabaseURL, w.cfg.OwnerURL = fresh.URL, fresh.OwnerURL
	return copied.Bytes()
}

// Between its first ringing and the repetition a node goes, the alerts end on the other one, and jobs are left that a dead node
// had begun. Whatever starts afterwards, also from a copy, rings for those that are open and for no other.
func TestEndedAlertsStaySilentOverRestartsAndCopies(t *testing.T) {
	w := newWorld(t, notifications.Times{Grace: 100 * time.Millisecond, Repeat: 5 * time.Second, Next: time.Hour}, func(c *node.Config) { c.RedisURL = storagetest.Redis(t).URL })
	other := w.start()
	w.device(w.gp)
	taken, withdrawn, open := w.urgent("nursing"), w.urgent("nursing"), w.urgent("nursing")
	w.push.Wait(3)
	w.nodes[0].Stop()
	w.wants(w.askAt(other, w.gp, "POST", "/alerts/"+w.alertAt(other, taken)+"/acknowledge", object{"outcome": "taken"}), 200, "")
	w.wants(w.askAt(other, w.nurse, "POST", "/messages/"+withdrawn+"/withdraw", object{"reason": "erreur"}), 200, "")
	ended := time.Now()
	w.stop()
	tag, err := w.owner.Exec(t.Context(), `update river_job set state = 'running', attempt = 1, attempted_at = now() - interval '10 minutes', attempted_by = '{gone}'
		where kind = 'alert_repeat' and finalized_at is null`)
	w.must(err)
	if tag.RowsAffected() < 3 {
		t.Errorf("%d jobs were left: %s", tag.RowsAffected(), w.jobs())
	}
	w.start()
	w.start()
	w.wait("it rings again twice", func() bool { return w.rungSince(ended, open) >= 2 })
	w.stop()
	w.moveToACopy()
	copied := time.Now()
	w.start()
	w.wait("it rings from the copy", func() bool { return w.rungSince(copied, open) >= 1 })
	w.rungSince(ended, open)
}

func (w *world) alertAt(n *node.Node, message string) string {
	w.Helper()
	var a alert
	w.into(w.askAt(n, w.gp, "GET", "/messages/"+message+"/alert", nil), &a)
	return a.ID
}

// rungSince counts the pushes for one message, and wants none for another.
func (w *world) rungSince(then time.Time, message string) (n int) {
	w.Helper()
	id := w.alertOf(w.gp, message).ID
	for _, r := range w.push.Received() {
		if r.At.Before(then) {
			continue
		}
		n++
		if r.Message.AlertID != id {
			w.Fatalf("rung for %s, which has ended", r.Message.AlertID)
		}
	}
	return n
}
