package notifications_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5/pgxpool"

	"liaison/access"
	"liaison/accounts"
	"liaison/node"
	"liaison/notifications"
	"liaison/notifications/pushtest"
	"liaison/storage/storagetest"
)

type object = map[string]any

// world is one instance, its nodes started and stopped by the test, a local push service, and one circle: a médecin traitant,
// a nurse (the author), a second nurse, a pharmacist, a home help, and a physician outside.
type world struct {
	*testing.T
	db    *storagetest.DB
	owner *pgxpool.Pool
	cfg   node.Config
	nodes []*node.Node
	push  *pushtest.Service
	logs  *lines

	gp, nurse, nurse2, pharmacist, help, outsider *person
	team, notebook                                string
}

type person struct {
	id, login, token string
	session          string
}

// lines is a log that a test may read.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// slow lets nothing happen by itself after the first ringing.
var slow = notifications.Times{Grace: 50 * time.Millisecond, Repeat: time.Hour, Next: 2 * time.Hour}

// still lets not even that happen.
var still = notifications.Times{Grace: time.Hour, Repeat: 2 * time.Hour, Next: 3 * time.Hour}

func newWorld(t *testing.T, times notifications.Times, change ...func(*node.Config)) *world {
	t.Helper()
	t.Parallel()
	w := &world{T: t, db: storagetest.New(t), push: pushtest.New(t), logs: &lines{}}
	var err error
	w.owner, err = pgxpool.New(t.Context(), w.db.OwnerURL)
	w.must(err)
	t.Cleanup(w.owner.Close)
	w.cfg = node.Config{
		DatabaseURL: w.db.URL, OwnerURL: w.db.OwnerURL, KeysURL: w.db.KeysURL, MasterKeyFile: filepath.Join(t.TempDir(), "master.key"),
		Listen: "127.0.0.1:0", Territory: "Essai", Demo: true, AllowNoFsync: true, NoRateLimit: true, DrainFor: 2 * time.Second,
		Log:         slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		AlertConfig: node.AlertConfig{AlertTimes: times, AlertPoll: 20 * time.Millisecond, PushTestHosts: []string{w.push.Host()}},
	}
	for _, c := range change {
		c(&w.cfg)
	}
	w.start()
	w.people()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// start starts one more node over the same database.
func (w *world) start() *node.Node {
	w.Helper()
	n, err := node.Start(w.Context(), w.cfg)
	w.must(err)
	w.Cleanup(n.Stop)
	w.nodes = append(w.nodes, n)
	return n
}

// stop stops every node; what they planned remains.
func (w *world) stop() {
	for _, n := range w.nodes {
		n.Stop()
	}
	w.nodes = nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (w *world) people() {
	w.gp, w.nurse, w.nurse2 = w.hire("Baudry", "TRE_G15", "10"), w.hire("Ferhat", "TRE_G15", "60"), w.hire("Albertini", "TRE_G15", "60")
	w.pharmacist, w.help = w.hire("Leriche", "TRE_G15", "21"), w.hire("Diallo", "TRE_R85", "372")
	w.outsider = w.hire("Verne", "TRE_G15", "10")
	var opened struct {
		TeamID string `json:"team_id"`
	}
	w.into(w.ask(w.gp, "POST", "/patients", object{
		"id": newID(), "birth_name": "Dufour", "given_names": "Odette", "sex": "F", "birth_date": "1939-03-12", "seat": "medecin_traitant",
		"information": object{"given_by": "Anne Baudry", "given_at": "2026-01-05T08:00:00Z"},
	}), &opened)
	w.team = opened.TeamID
	w.must(w.owner.QueryRow(w.Context(), "select id::text from channels where space_id = $1 and kind = 'notebook'", w.team).Scan(&w.notebook))
	for _, p := range []*person{w.nurse, w.nurse2, w.pharmacist, w.help} {
		w.seat(p, "intervenant")
	}
}

// hire makes somebody with an account and a session with tokens.
func (w *world) hire(family, system, code string) *person {
	w.Helper()
	p := &person{id: newID(), login: family}
	w.must(w.nodes[0].Accounts.LoadDemoAccounts(w.Context(), []accounts.DemoAccount{{Login: family, NewAccount: accounts.NewAccount{
		Professional: accounts.Professional{ID: uuid.MustParse(p.id), FamilyName: family, GivenName: "Anne", Gender: "F", Profession: access.Profession{System: system, Code: code}},
	}}}, "demo"))
	w.signIn(p)
	return p
}

// signIn opens one more session for somebody, who goes on in that.
func (w *world) signIn(p *person) {
	w.Helper()
	tokens, err := w.nodes[0].Accounts.DemoAccessTokens(w.Context(), []uuid.UUID{uuid.MustParse(p.id)}, time.Hour)
	w.must(err)
	p.token = tokens[uuid.MustParse(p.id)]
	w.must(w.owner.QueryRow(w.Context(), "select id::text from sessions where person_id = $1 order by created_at desc limit 1", p.id).Scan(&p.session))
}

func (w *world) seat(p *person, seat string) {
	w.Helper()
	w.into(w.ask(w.gp, "POST", "/teams/"+w.team+"/members", object{"id": newID(), "professional_id": p.id, "seat": seat, "basis": "care_team_3"}), &struct{}{})
}

func (w *world) unseat(p *person) {
	w.Helper()
	w.wants(w.ask(w.gp, "DELETE", "/teams/"+w.team+"/members/"+p.id, nil), 204, "")
}

// answer is what came back.
type answer struct {
	status int
	raw    []byte
	header http.Header
}

func (r answer) String() string { return fmt.Sprintf("%d %s", r.status, r.raw) }

func (w *world) ask(p *person, method, path string, body any, header ...string) answer {
	w.Helper()
	return w.askAt(w.nodes[0], p, method, path, body, header...)
}

// askAt may be called from any goroutine: a fault of the network is an answer too. Headers are names and values in turn.
func (w *world) askAt(n *node.Node, p *person, method, path string, body any, header ...string) answer {
	var send io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return answer{raw: []byte(err.Error())}
		}
		send = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(w.Context(), method, n.URL+"/api/v1"+path, send)
	if err != nil {
		return answer{raw: []byte(err.Error())}
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{raw: []byte(err.Error())}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{raw: []byte(err.Error())}
	}
	return answer{res.StatusCode, raw, res.Header}
}

func (w *world) into(a answer, v any) {
	w.Helper()
	if a.status < 200 || a.status > 299 {
		w.Fatalf("answered %s", a)
	}
	w.must(json.Unmarshal(a.raw, v))
}

// wants checks a status and, when there is one, a problem's code.
func (w *world) wants(a answer, status int, code string) answer {
	w.Helper()
	var problem struct{ Code string }
	_ = json.Unmarshal(a.raw, &problem)
	if a.status != status || problem.Code != code && code != "" {
		w.Fatalf("answered %s, want %d %s", a, status, code)
	}
	return a
}

// alert is one as the API gives it.
type alert struct {
	ID        string
	TeamID    string `json:"team_id"`
	MessageID string `json:"message_id"`
	State     string
	Mine      bool
	Owner     *struct{ ID string }
	EndedBy   *struct{ ID string } `json:"ended_by"`
	EndedAt   *time.Time           `json:"ended_at"`
	Patient   struct {
		BirthName string `json:"birth_name"`
	}
	Steps []struct {
		Professional struct{ ID string }
		AskedAt      *time.Time `json:"asked_at"`
		RepeatedAt   *time.Time `json:"repeated_at"`
		DeliveredAt  *time.Time `json:"delivered_at"`
		SeenAt       *time.Time `json:"seen_at"`
		AnsweredAt   *time.Time `json:"answered_at"`
		Outcome      *string
	}
}

func (a alert) asked() []string {
	var out []string
	for _, s := range a.Steps {
		out = append(out, s.Professional.ID)
	}
	return out
}

// urgent posts an urgent note of the nurse's and gives its id.
func (w *world) urgent(category string, more ...object) string {
	w.Helper()
	return w.urgentBy(w.nurse, category, more...)
}

func (w *world) urgentBy(by *person, category string, more ...object) string {
	w.Helper()
	body := object{"id": newID(), "category": category, "text": marker, "note_type": "OBS", "urgent": true}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	w.wants(w.ask(by, "POST", "/channels/"+w.notebook+"/messages", body), 201, "")
	return body["id"].(string)
}

// marker is what must be found nowhere but in sealed texts.
const marker = "plaie suintante au talon"

func (w *world) alertOf(p *person, message string) alert {
	w.Helper()
	var a alert
	w.into(w.ask(p, "GET", "/messages/"+message+"/alert", nil), &a)
	return a
}

// device registers a browser for somebody's present session.
func (w *world) device(p *person) (*pushtest.Device, string) {
	w.Helper()
	d, id := w.push.Subscribe(), newID()
	w.wants(w.register(p, id, d), 201, "")
	return d, id
}

func (w *world) register(p *person, id string, d *pushtest.Device) answer {
	return w.ask(p, "POST", "/devices", object{"id": id, "name": "Téléphone", "endpoint": d.Endpoint, "keys": object{"p256dh": d.P256dh, "auth": d.Auth}})
}

// wait asks again until it is so.
func (w *world) wait(what string, so func() bool) {
	w.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(30 * time.Second)
	for !so() {
		select {
		case <-tick.C:
		case <-patience:
			w.Fatalf("not within 30 s: %s\n%s", what, w.jobs())
		}
	}
}

// jobs tells what is planned.
func (w *world) jobs() string {
	var text string
	_ = w.owner.QueryRow(w.Context(), "select coalesce(string_agg(kind || ' ' || args || ' ' || state || ' ' || coalesce(errors::text, ''), E'\n'), '') from river_job").Scan(&text)
	return text
}

// idle waits until no job that is due remains to be done.
func (w *world) idle() {
	w.Helper()
	w.wait("every due job done", func() bool {
		var n int
		w.must(w.owner.QueryRow(w.Context(), `select count(*) from river_job where state in ('available', 'running', 'retryable', 'scheduled')
			and scheduled_at < now() + interval '10 seconds'`).Scan(&n))
		return n == 0
	})
}

// socket listens as somebody and gives the alert frames that come.
func (w *world) socket(p *person) chan frame {
	w.Helper()
	url := "ws" + w.nodes[0].URL[len("http"):] + "/api/v1/live"
	c, res, err := websocket.DefaultDialer.DialContext(w.Context(), url, http.Header{"Authorization": {"Bearer " + p.token}})
	w.must(err)
	w.must(res.Body.Close())
	w.Cleanup(func() { _ = c.Close() })
	var hello frame
	w.must(c.ReadJSON(&hello))
	out := make(chan frame, 100)
	go func() {
		for {
			var f frame
			if c.ReadJSON(&f) != nil {
				return
			}
			if f.Type == "alert" || f.Type == "message.created" {
				out <- f
			}
		}
	}()
	return out
}

type frame struct {
	Type      string
	ChannelID string `json:"channel_id"`
	TeamID    string `json:"team_id"`
	Alert     *struct {
		ID        string
		MessageID string `json:"message_id"`
		State     string
	}
}

func (w *world) frame(from chan frame) frame {
	w.Helper()
	select {
	case f := <-from:
		return f
	case <-time.After(20 * time.Second):
		w.Fatal("no frame came")
		return frame{}
	}
}
