package notifications_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

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
	var copied bytes.Buffer
	_, err := copies.Dump(t.Context(), w.db.OwnerURL, copies.Role, &copied)
	w.must(err)
	if bytes.Contains(copied.Bytes(), []byte(d.Endpoint)) {
		t.Error("the copy holds an endpoint")
	}
	fresh := storagetest.New(t)
	_, err = copies.Load(t.Context(), fresh.OwnerURL, copies.Role, bytes.NewReader(copied.Bytes()), int64(copied.Len()), func(context.Context, pgx.Tx) error { return nil })
	w.must(err)
	w.cfg.DatabaseURL, w.cfg.OwnerURL = fresh.URL, fresh.OwnerURL
	w.start()
	if got := w.push.Wait(1); got[0].Device != d {
		t.Error("another device rang")
	}
}
