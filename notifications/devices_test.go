package notifications_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

type device struct {
	ID            string
	Name          string
	LastReachedAt *time.Time `json:"last_reached_at"`
	Failing       bool
	ThisSession   bool `json:"this_session"`
}

func (w *world) devices(p *person) []device {
	w.Helper()
	var got struct {
		Items   []device
		PushKey string `json:"push_key"`
	}
	w.into(w.ask(p, "GET", "/devices", nil), &got)
	if len(got.PushKey) != 87 {
		w.Errorf("key to subscribe with: %q", got.PushKey)
	}
	return got.Items
}

func TestADeviceIsRegisteredOnce(t *testing.T) {
	w := newWorld(t, slow)
	d, id := w.device(w.gp)
	w.wants(w.register(w.gp, id, d), 200, "")
	if list := w.devices(w.gp); len(list) != 1 || list[0].ID != id || !list[0].ThisSession || list[0].Failing || list[0].Name != "Téléphone" {
		t.Errorf("%+v", list)
	}
	w.wants(w.register(w.gp, id, w.push.Subscribe()), 409, "id_conflict")
	w.wants(w.register(w.nurse, id, w.push.Subscribe()), 409, "id_conflict")
	// The same endpoint under another id replaces.
	again := newID()
	w.wants(w.register(w.gp, again, d), 201, "")
	if list := w.devices(w.gp); len(list) != 1 || list[0].ID != again {
		t.Errorf("%+v", list)
	}
	// Somebody else signs in on the same browser: it rings for her only.
	w.wants(w.register(w.nurse2, newID(), d), 201, "")
	if list := w.devices(w.gp); len(list) != 0 {
		t.Errorf("the former owner still has %+v", list)
	}
	w.wants(w.ask(w.gp, "DELETE", "/devices/"+again, nil), 404, "not_found")
	hers := w.devices(w.nurse2)[0].ID
	w.wants(w.ask(w.gp, "DELETE", "/devices/"+hers, nil), 404, "not_found")
	w.wants(w.ask(w.gp, "POST", "/devices/"+hers+"/test", nil), 404, "not_found")
	w.wants(w.ask(w.nurse2, "POST", "/devices/"+hers+"/test", nil), 204, "")
	if got := w.push.Wait(1)[0]; got.Message.Urgency != "test" || got.Message.AlertID != "" {
		t.Errorf("test push: %s", got.Body)
	}
	if list := w.devices(w.nurse2); list[0].LastReachedAt == nil {
		t.Errorf("%+v", list)
	}
	w.wants(w.ask(w.nurse2, "DELETE", "/devices/"+hers, nil), 204, "")
}

func TestEndpointsThatAreRefused(t *testing.T) {
	w := newWorld(t, still)
	good := w.push.Subscribe()
	for name, body := range map[string]object{
		"private address":      {"endpoint": "https://10.0.0.1/push"},
		"this machine":         {"endpoint": "https://127.0.0.1/push"},
		"this machine, v6":     {"endpoint": "https://[::1]/push"},
		"metadata of a cloud":  {"endpoint": "https://169.254.169.254/latest"},
		"no https":             {"endpoint": "http://fcm.googleapis.com/fcm/send/x"},
		"another port":         {"endpoint": "https://fcm.googleapis.com:8443/x"},
		"a stranger":           {"endpoint": "https://push.example.org/x"},
		"a name that looks so": {"endpoint": "https://fcm.googleapis.com.example.org/x"},
		"the bare domain":      {"endpoint": "https://push.apple.com.example.org/x"},
		"with a password":      {"endpoint": "https://a:b@fcm.googleapis.com/x"},
		"another test host":    {"endpoint": "http://127.0.0.1:1/x"},
		"no address":           {"endpoint": "x"},
		"too long":             {"endpoint": "https://fcm.googleapis.com/" + strings.Repeat("x", 3000)},
		"no point":             {"keys": object{"p256dh": strings.Repeat("A", 87), "auth": good.Auth}},
		"no keys":              {"keys": object{"p256dh": "", "auth": ""}},
		"short secret":         {"keys": object{"p256dh": good.P256dh, "auth": "AAAA"}},
	} {
		full := object{"id": newID(), "name": "x", "endpoint": good.Endpoint, "keys": object{"p256dh": good.P256dh, "auth": good.Auth}}
		for k, v := range body {
			full[k] = v
		}
		if a := w.ask(w.gp, "POST", "/devices", full); a.status != 422 || !strings.Contains(string(a.raw), `"push_endpoint"`) {
			t.Errorf("%s: %s", name, a)
		}
	}
	for _, endpoint := range []string{"https://fcm.googleapis.com/fcm/send/x", "https://updates.push.services.mozilla.com/wpush/v2/x", "https://web.push.apple.com/x", "https://db5p.notify.windows.com/w/?token=x"} {
		w.wants(w.ask(w.gp, "POST", "/devices", object{"id": newID(), "name": "x", "endpoint": endpoint, "keys": object{"p256dh": good.P256dh, "auth": good.Auth}}), 201, "")
	}
	w.wants(w.ask(w.gp, "POST", "/devices", object{"id": uuid.Nil, "name": "x", "endpoint": good.Endpoint, "keys": object{"p256dh": good.P256dh, "auth": good.Auth}}), 422, "invalid_id")
}

// A session that ended, by whatever way, rings no more.
func TestADeviceEndsWithItsSession(t *testing.T) {
	w := newWorld(t, slow)
	kept, _ := w.device(w.gp)
	first := *w.gp
	w.signIn(w.gp)
	w.device(w.gp)
	w.wants(w.ask(w.gp, "POST", "/sign-out", nil), 204, "")
	if list := w.devices(&first); len(list) != 1 {
		t.Errorf("listed after signing out: %+v", list)
	}
	*w.gp = first
	// Behind the back of the nodes: what decides is asked when it rings.
	w.signIn(w.gp)
	w.device(w.gp)
	_, err := w.owner.Exec(t.Context(), "update sessions set revoked_at = now() where id = $1", w.gp.session)
	w.must(err)
	*w.gp = first
	w.urgent("nursing")
	w.push.Wait(1)
	w.idle()
	got := w.push.Received()
	if len(got) != 1 || got[0].Device != kept {
		t.Errorf("rung %d times", len(got))
	}
}

// A browser's session lapses overnight: its device rings in the morning all the same, until nobody was there for a month.
func TestADeviceRingsAfterItsSessionLapsed(t *testing.T) {
	w := newWorld(t, slow)
	device, _ := w.device(w.gp)
	lapsed := *w.gp
	w.signIn(w.gp)
	lapse := func(unused string) {
		_, err := w.owner.Exec(t.Context(), `update sessions set expires_at = now() - interval '1 hour', last_used_at = now() - $2::interval
			where id = $1`, lapsed.session, unused)
		w.must(err)
	}
	lapse("29 days")
	w.urgent("nursing")
	if got := w.push.Wait(1); got[0].Device != device {
		t.Error("another device rang")
	}
	lapse("31 days")
	if _, reachable := w.order(w.nurse, "category=nursing"); reachable[w.gp.id] {
		t.Error("said to be reachable after a month")
	}
	w.urgent("nursing")
	w.idle()
	if n := len(w.push.Received()); n != 1 {
		t.Errorf("rung %d times, a month unused", n)
	}
	w.must(w.nodes[0].Alerts.Prune(t.Context()))
	if list := w.devices(w.gp); len(list) != 0 {
		t.Errorf("still listed: %+v", list)
	}
}

// The second lock alone: the application role, told only who acts, without a single predicate.
func TestRowSecurityAlone(t *testing.T) {
	w := newWorld(t, still)
	w.device(w.gp)
	w.urgent("nursing")
	w.urgent("nursing", object{"only_to": []string{w.nurse2.id}})
	seen := func(actor string) (alerts, steps, devices int) {
		w.must(pgx.BeginFunc(t.Context(), w.db.DB.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "select set_config('liaison.actor', $1, true)", actor); err != nil {
				return err
			}
			return tx.QueryRow(t.Context(), "select (select count(*) from alerts), (select count(*) from alert_steps), (select count(*) from devices)").Scan(&alerts, &steps, &devices)
		}))
		return alerts, steps, devices
	}
	for p, want := range map[*person][3]int{
		w.gp: {1, 1, 1}, w.nurse: {2, 2, 0}, w.nurse2: {2, 2, 0}, w.pharmacist: {1, 1, 0}, w.help: {0, 0, 0}, w.outsider: {0, 0, 0},
	} {
		if a, s, d := seen(p.id); a != want[0] || s != want[1] || d != want[2] {
			t.Errorf("%s sees %d alerts, %d steps, %d devices, want %v", p.login, a, s, d, want)
		}
	}
	if a, s, d := seen(""); a+s+d != 0 {
		t.Errorf("nobody sees %d, %d, %d", a, s, d)
	}
	refused := func(what, actor, sql string, args ...any) {
		err := pgx.BeginFunc(t.Context(), w.db.DB.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "select set_config('liaison.actor', $1, true)", actor); err != nil {
				return err
			}
			tag, err := tx.Exec(t.Context(), sql, args...)
			if err == nil && tag.RowsAffected() > 0 {
				t.Errorf("%s: done", what)
			}
			return err
		})
		if err != nil && !storage.IsRefused(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("the home help ends an alert", w.help.id, "update alerts set state = 'taken', ended_at = now()")
	refused("the pharmacist answers for another", w.pharmacist.id, "update alert_steps set outcome = 'taken', answered_at = now()")
	refused("somebody is asked who may not be", w.nurse.id, `insert into alert_steps (alert_id, person_id, message_id, space_id, place)
		select id, $1, message_id, space_id, 9 from alerts limit 1`, w.outsider.id)
	refused("a device is taken away", w.nurse.id, "delete from devices")
}

// Nothing of what was written is in what was sent, planned, logged or journalled; nor is an endpoint, which lets ring.
func TestNothingOfAMessageLeaves(t *testing.T) {
	w := newWorld(t, slow)
	d, _ := w.device(w.gp)
	w.urgent("nursing")
	got := w.push.Wait(1)
	w.push.Answer(nil)
	w.idle()
	secrets := []string{marker, "suintante", "Dufour", "Odette", "Ferhat", "nursing", "Soins"}
	holds := func(where, text string, more ...string) {
		for _, secret := range append(secrets, more...) {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q", where, secret)
			}
		}
	}
	holds("the push", string(got[0].Body))
	holds("the log", w.logs.String(), d.Endpoint, d.Auth, d.P256dh)
	for where, sql := range map[string]string{
		"jobs":    "select coalesce(string_agg(row_to_json(j)::text, ' '), '') from river_job j",
		"alerts":  "select coalesce(string_agg(row_to_json(j)::text, ' '), '') from alerts j",
		"steps":   "select coalesce(string_agg(row_to_json(j)::text, ' '), '') from alert_steps j",
		"journal": "select coalesce(string_agg(j.detail::text || j.verb, ' '), '') from audit_lines j where verb like 'alert%' or verb like 'device%'",
		"devices": "select coalesce(string_agg(encode(subscription, 'escape') || host || name, ' '), '') from devices",
	} {
		var text string
		w.must(w.owner.QueryRow(t.Context(), sql).Scan(&text))
		holds(where, text, d.Endpoint, d.Auth, d.P256dh)
		if text == "" {
			t.Errorf("%s: nothing to look at", where)
		}
	}
	var verbs []string
	rows, err := w.owner.Query(t.Context(), "select distinct verb from audit_lines where verb like 'alert%' or verb like 'device%' order by 1")
	w.must(err)
	verbs, err = pgx.CollectRows(rows, pgx.RowTo[string])
	w.must(err)
	w.same("journal", verbs, []string{"alert.push", "device.add"})
	var detail string
	w.must(w.owner.QueryRow(t.Context(), "select detail::text from audit_lines where verb = 'message.post' and detail ? 'alert'").Scan(&detail))
	var said struct {
		Alert string
		Asked []string
	}
	w.must(json.Unmarshal([]byte(detail), &said))
	if !slices.Equal(said.Asked, []string{w.gp.id}) || said.Alert == "" {
		t.Errorf("the journal of the post: %s", detail)
	}
}
