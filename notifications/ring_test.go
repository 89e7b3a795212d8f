package notifications_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"liaison/node"
	"liaison/notifications"
	"liaison/notifications/pushtest"
	"liaison/storage/storagetest"
)

// What a phone is sent: an opaque id, a class of urgency, words that are the same for everybody; signed, replaceable, urgent.
func TestAPushHoldsAnIDAndAClassOfUrgency(t *testing.T) {
	w := newWorld(t, slow)
	first, _ := w.device(w.gp)
	second, _ := w.device(w.gp)
	message := w.urgent("nursing")
	got := w.push.Wait(2)
	a := w.alertOf(w.gp, message)
	topics := map[string]bool{}
	devices := map[*pushtest.Device]bool{}
	for _, r := range got {
		if r.Message.AlertID != a.ID || r.Message.Urgency != "urgent" || r.Message.WebPush != 8030 || r.Message.Notification.Navigate != w.nodes[0].URL+"/alertes/"+a.ID {
			t.Errorf("body %s", r.Body)
		}
		if r.Header.Get("Urgency") != "high" || r.Header.Get("TTL") != "7200" || len(r.Header.Get("Topic")) != 32 || len(r.Cipher) > 4096 {
			t.Errorf("headers %v, %d bytes", r.Header, len(r.Cipher))
		}
		topics[r.Header.Get("Topic")], devices[r.Device] = true, true
		if strings.Contains(r.Header.Get("Topic"), a.ID[:8]) {
			t.Error("the topic tells the alert")
		}
	}
	if len(topics) != 2 || !devices[first] || !devices[second] || got[0].Token != got[1].Token {
		t.Errorf("topics %v, devices %v", topics, devices)
	}
}

// From the last look until the answer of the push service, who ends the alert waits, also on another node than the one that
// rings; afterwards nothing rings.
func TestAnEndedAlertNeverRings(t *testing.T) {
	for name, end := range map[string]func(*world, *node.Node, string) answer{
		"taken": func(w *world, at *node.Node, message string) answer {
			return w.askAt(at, w.nurse2, "POST", "/alerts/"+w.alertOf(w.nurse2, message).ID+"/acknowledge", object{"outcome": "taken"})
		},
		"withdrawn": func(w *world, at *node.Node, message string) answer {
			return w.askAt(at, w.nurse, "POST", "/messages/"+message+"/withdraw", object{"reason": "erreur"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, slow, func(c *node.Config) { c.RedisURL = storagetest.Redis(t).URL })
			w.start()
			w.device(w.gp)
			w.device(w.gp)
			var ended atomic.Bool
			var once sync.Once
			var message string
			answered := make(chan answer, 1)
			begun := make(chan struct{})
			// The end comes while the first push is between the look and its sending.
			meanwhile := func(other *node.Node) {
				once.Do(func() {
					<-begun
					go func() { got := end(w, other, message); ended.Store(true); answered <- got }()
					w.wait("the end is written, and its answer waits for this push", func() bool {
						var waits bool
						w.must(w.owner.QueryRow(w.Context(), `select exists (select from pg_locks where locktype = 'advisory' and not granted
							and database = (select oid from pg_database where datname = current_database()))
							and not exists (select from alerts where state = 'open')`).Scan(&waits))
						return waits || ended.Load()
					})
				})
			}
			w.nodes[0].Alerts.BeforeSend(func() { meanwhile(w.nodes[1]) })
			w.nodes[1].Alerts.BeforeSend(func() { meanwhile(w.nodes[0]) })
			w.push.Answer(func(*pushtest.Device, http.ResponseWriter, *http.Request) bool {
				if ended.Load() {
					t.Error("rang after the end was answered")
				}
				return false
			})
			message = w.urgent("nursing")
			close(begun)
			w.wants(<-answered, 200, "")
			w.idle()
			if n := len(w.push.Received()); n > 2 {
				t.Errorf("rung %d times", n)
			}
		})
	}
}

// Two nodes, one of which stops with a job pending while the alert ends: nobody rings.
func TestAnAlertThatEndedMeanwhileDoesNotRingAfterARestart(t *testing.T) {
	w := newWorld(t, notifications.Times{Grace: 3 * time.Second, Repeat: time.Hour, Next: 2 * time.Hour}, func(c *node.Config) { c.RedisURL = storagetest.Redis(t).URL })
	w.start()
	w.device(w.gp)
	message := w.urgent("nursing")
	pending := w.urgent("nursing")
	a := w.alertOf(w.gp, message)
	w.wants(w.askAt(w.nodes[1], w.gp, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "taken"}), 200, "")
	w.stop()
	w.start()
	w.start()
	w.push.Wait(1)
	w.idle()
	got := w.push.Received()
	if len(got) != 1 || got[0].Message.AlertID != w.alertOf(w.gp, pending).ID {
		t.Errorf("rung %d times, the first for %s", len(got), got[0].Message.AlertID)
	}
}

// Jobs of two nodes, or found missing, ring once.
func TestTwoNodesRingOnce(t *testing.T) {
	w := newWorld(t, slow, func(c *node.Config) { c.RedisURL = storagetest.Redis(t).URL })
	w.start()
	w.start()
	w.device(w.gp)
	for range 5 {
		w.urgent("nursing")
	}
	w.push.Wait(5)
	w.idle()
	if n := len(w.push.Received()); n != 5 {
		t.Errorf("rung %d times, want 5", n)
	}
	// A database that comes back from a copy brings no jobs: an open alert goes on all the same.
	w.stop()
	_, err := w.owner.Exec(t.Context(), "delete from river_job")
	w.must(err)
	w.start()
	w.push.Wait(10)
}

// A node that was killed leaves a job that it had begun: another does it.
func TestAJobOfAKilledNodeIsTakenUp(t *testing.T) {
	w := newWorld(t, notifications.Times{Grace: time.Second, Repeat: time.Hour, Next: 2 * time.Hour})
	w.device(w.gp)
	w.urgent("nursing")
	w.stop()
	tag, err := w.owner.Exec(t.Context(), `update river_job set state = 'running', attempt = 1, attempted_at = now() - interval '10 minutes', attempted_by = '{gone}'
		where kind = 'alert_ring'`)
	w.must(err)
	if tag.RowsAffected() != 1 {
		t.Fatalf("no job was left: %s", w.jobs())
	}
	w.start()
	w.push.Wait(1)
}

// A page that shows the alert within the grace keeps the devices still, once: the repetition asks anew.
func TestAVisiblePageKeepsTheDevicesStill(t *testing.T) {
	w := newWorld(t, notifications.Times{Grace: 2 * time.Second, Repeat: 4 * time.Second, Next: time.Hour})
	w.device(w.gp)
	message := w.urgent("nursing")
	a := w.alertOf(w.gp, message)
	w.wants(w.ask(w.gp, "POST", "/alerts/"+a.ID+"/shown", nil), 204, "")
	w.wait("asked again", func() bool { return w.alertOf(w.nurse, message).Steps[0].RepeatedAt != nil })
	if n := len(w.push.Received()); n != 0 {
		t.Errorf("rung %d times while a page showed it", n)
	}
	w.push.Wait(1)
}

func TestRightsAreAskedAgainBeforeEachPush(t *testing.T) {
	t.Run("passed on when the place is lost", func(t *testing.T) {
		w := newWorld(t, still)
		w.seat(w.hire("Manager", "TRE_R85", "330"), "coordonnateur")
		message := w.urgentBy(w.gp, "medication")
		first := w.alertOf(w.gp, message)
		w.same("asked", first.asked(), []string{w.nurse2.id})
		w.unseat(w.nurse2)
		w.wait("the next is asked at once", func() bool { return len(w.alertOf(w.gp, message).Steps) == 2 })
		w.same("asked", w.alertOf(w.gp, message).asked(), []string{w.nurse2.id, w.nurse.id})
	})
	t.Run("passed on when the message is narrowed away", func(t *testing.T) {
		w := newWorld(t, still)
		message := w.urgent("nursing")
		w.same("asked", w.alertOf(w.gp, message).asked(), []string{w.gp.id})
		w.wants(w.ask(w.nurse, "POST", "/messages/"+message+"/narrow",
			object{"only_to": []string{w.nurse2.id}, "reason": "papiers privés"}, "If-Match", "1"), 200, "")
		w.wait("the next is asked at once", func() bool { return len(w.alertOf(w.nurse, message).Steps) == 2 })
		w.same("asked", w.alertOf(w.nurse, message).asked(), []string{w.gp.id, w.nurse2.id})
		w.wants(w.ask(w.gp, "GET", "/messages/"+message+"/alert", nil), 404, "not_found")
	})
	t.Run("nothing is sent to who lost it a moment ago", func(t *testing.T) {
		w := newWorld(t, slow)
		d, _ := w.device(w.nurse2)
		// The standing ends behind the node's back: no event tells it.
		w.push.Answer(func(to *pushtest.Device, _ http.ResponseWriter, _ *http.Request) bool {
			if to == d {
				t.Error("rung without rights")
			}
			return false
		})
		w.nodes[0].Stop()
		w.nodes = nil
		w.cfg.AlertTimes.Grace = time.Second
		w.start()
		message := w.urgentBy(w.gp, "medication")
		_, err := w.owner.Exec(t.Context(), "delete from standings where person_id = $1", w.nurse2.id)
		w.must(err)
		w.wait("the next is asked", func() bool { return len(w.alertOf(w.gp, message).Steps) == 2 })
		w.idle()
	})
	t.Run("nor when it is lost between the planning and the push", func(t *testing.T) {
		w := newWorld(t, slow)
		w.device(w.nurse2) // one only: a second one's push may be on its way already when the right is lost
		var once sync.Once
		w.push.Answer(func(_ *pushtest.Device, rw http.ResponseWriter, _ *http.Request) bool {
			once.Do(func() {
				_, err := w.owner.Exec(w.Context(), "delete from standings where person_id = $1", w.nurse2.id)
				w.must(err)
			})
			rw.Header().Set("Retry-After", "1")
			rw.WriteHeader(http.StatusServiceUnavailable)
			return true
		})
		w.urgentBy(w.gp, "medication")
		w.wait("a push was tried", func() bool {
			var n int
			w.must(w.owner.QueryRow(w.Context(), "select count(*) from devices where failed_at is not null").Scan(&n))
			return n > 0
		})
		w.push.Answer(nil)
		w.idle()
		if n := len(w.push.Received()); n != 0 {
			t.Errorf("rung %d times without rights", n)
		}
	})
}

func TestWhatPushServicesAnswer(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusGone} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			w := newWorld(t, slow)
			_, id := w.device(w.gp)
			var tries atomic.Int32
			w.push.Answer(func(_ *pushtest.Device, rw http.ResponseWriter, _ *http.Request) bool {
				tries.Add(1)
				rw.WriteHeader(status)
				return true
			})
			if _, reachable := w.order(w.nurse, "category=nursing"); !reachable[w.gp.id] {
				t.Error("not said to be reachable")
			}
			w.urgent("nursing")
			w.wait("the device is gone", func() bool { return w.devices(w.gp)[0].Failing })
			w.idle()
			if n := tries.Load(); n != 1 {
				t.Errorf("%d: %d tries", status, n)
			}
			if _, reachable := w.order(w.nurse, "category=nursing"); reachable[w.gp.id] {
				t.Error("still said to be reachable")
			}
			w.wants(w.ask(w.gp, "POST", "/devices/"+id+"/test", nil), 404, "not_found")
		})
	}
	t.Run("later", func(t *testing.T) {
		w := newWorld(t, slow)
		w.device(w.gp)
		var tries atomic.Int32
		answers := []int{429, 500, 503}
		w.push.Answer(func(_ *pushtest.Device, rw http.ResponseWriter, _ *http.Request) bool {
			n := int(tries.Add(1))
			if n > len(answers) {
				return false
			}
			rw.Header().Set("Retry-After", "1")
			rw.WriteHeader(answers[n-1])
			return true
		})
		w.urgent("nursing")
		w.push.Wait(1)
		w.wait("reached", func() bool { d := w.devices(w.gp)[0]; return !d.Failing && d.LastReachedAt != nil })
	})
	t.Run("a redirection is not followed", func(t *testing.T) {
		w := newWorld(t, slow)
		w.device(w.gp)
		elsewhere := pushtest.New(t)
		target := elsewhere.Subscribe()
		w.push.Answer(func(_ *pushtest.Device, rw http.ResponseWriter, r *http.Request) bool {
			http.Redirect(rw, r, target.Endpoint, http.StatusTemporaryRedirect)
			return true
		})
		w.urgent("nursing")
		w.wait("refused", func() bool { return w.devices(w.gp)[0].Failing })
		w.idle()
		if n := len(elsewhere.Received()); n != 0 {
			t.Error("the redirection was followed")
		}
	})
	t.Run("a slow one keeps nobody waiting", func(t *testing.T) {
		w := newWorld(t, slow)
		stuck, _ := w.device(w.gp)
		w.device(w.gp)
		let := make(chan struct{})
		t.Cleanup(func() { close(let) })
		w.push.Answer(func(d *pushtest.Device, _ http.ResponseWriter, r *http.Request) bool {
			if d == stuck {
				select {
				case <-let:
				case <-r.Context().Done():
				}
				return true
			}
			return false
		})
		message := w.urgent("nursing")
		w.push.Wait(1)
		began := time.Now()
		w.wants(w.ask(w.gp, "POST", "/alerts/"+w.alertOf(w.gp, message).ID+"/acknowledge", object{"outcome": "taken"}), 200, "")
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("who takes the alert waited %v", took)
		}
	})
}
