package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"liaison/access"
	"liaison/accounts"
	"liaison/node"
	"liaison/notifications"
	"liaison/notifications/pushtest"
	"liaison/professions"
	"liaison/storage/storagetest"
)

// arena is one instance of the product: two nodes over one database, and people who have nothing in common but it.
type arena struct {
	*testing.T
	db    *storagetest.DB
	owner *pgxpool.Pool // row-level security does not bind it: it reads what really is
	nodes []*node.Node
	http  *http.Client
	stock []*person
	admin *person
	push  *pushtest.Service
	rings map[*pushtest.Device]*person
}

// person is somebody with an account.
type person struct {
	id         string
	profession Profession
	speciality string
	token      string
	name       string
	devices    int
}

// newArena starts two nodes; without Redis neither hears of the other's commits but from the database.
func newArena(t *testing.T, redis bool, people int) *arena {
	t.Helper()
	a := emptyArena(t, storagetest.New(t))
	cfg := a.config()
	cfg.S3 = storagetest.S3(t)
	if redis {
		cfg.RedisURL = storagetest.Redis(t).URL
	}
	for range 2 {
		a.start(cfg)
	}
	a.hire(people)
	return a
}

// emptyArena is one without nodes and people.
func emptyArena(t *testing.T, db *storagetest.DB) *arena {
	t.Helper()
	a := &arena{T: t, db: db, push: pushtest.New(t), rings: map[*pushtest.Device]*person{}}
	a.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}, Timeout: time.Minute}
	t.Cleanup(a.http.CloseIdleConnections)
	var err error
	a.owner, err = pgxpool.New(t.Context(), a.db.OwnerURL)
	a.must(err)
	t.Cleanup(a.owner.Close)
	return a
}

// config is a node's over the arena's databases; its alerts ring at once, and then no more by themselves.
func (a *arena) config() node.Config {
	return node.Config{
		DatabaseURL: a.db.URL, OwnerURL: a.db.OwnerURL, KeysURL: a.db.KeysURL, MasterKeyFile: filepath.Join(a.TempDir(), "master.key"),
		Listen: "127.0.0.1:0", Territory: "Essai", Demo: true, AllowNoFsync: true, NoRateLimit: true, DrainFor: 2 * time.Second,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		AlertConfig: node.AlertConfig{
			AlertTimes: notifications.Times{Grace: 100 * time.Millisecond, Repeat: time.Hour, Next: 2 * time.Hour},
			AlertPoll:  200 * time.Millisecond, PushTestHosts: []string{a.push.Host()},
		},
	}
}

func (a *arena) start(cfg node.Config) *node.Node {
	a.Helper()
	n, err := node.Start(a.Context(), cfg)
	a.must(err)
	a.Cleanup(n.Stop)
	a.nodes = append(a.nodes, n)
	return n
}

func (a *arena) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// hire makes people of every profession; their passwords are hashed once.
func (a *arena) hire(count int) {
	d := newDice(uint64(time.Now().UnixNano()))
	for i := range count {
		a.stock = append(a.stock, &person{id: newID(), profession: d.profession(i), name: d.name(), devices: i % 3})
	}
	a.specialise(d)
	a.legislate()
	a.administer()
	a.employ()
	a.promote()
	a.retire()
}

// retire has registers name some by a code that national tables replaced.
func (a *arena) retire() {
	for i, p := range a.stock {
		if was, had := p.profession.before(); had && i%2 == 0 {
			p.profession = was
			_, err := a.owner.Exec(a.Context(), "update professionals set profession_system = $2, profession_code = $3 where id = $1", p.id, was.System, was.Code)
			a.must(err)
		}
	}
}

// employ gives everybody of the stock an account, a session and devices.
func (a *arena) employ() {
	var ids []uuid.UUID
	var all []accounts.DemoAccount
	for i, p := range a.stock {
		ids = append(ids, uuid.MustParse(p.id))
		all = append(all, accounts.DemoAccount{Login: fmt.Sprintf("p%d", i), NewAccount: accounts.NewAccount{Professional: accounts.Professional{
			ID: ids[i], FamilyName: "Personne", GivenName: p.name, Gender: "F", Profession: access.Profession(p.profession), Speciality: p.speciality,
		}}})
	}
	a.must(a.nodes[0].Accounts.LoadDemoAccounts(a.Context(), all, "demo"))
	tokens, err := a.nodes[0].Accounts.DemoAccessTokens(a.Context(), ids, 3*time.Hour)
	a.must(err)
	for _, p := range a.stock {
		p.token = tokens[uuid.MustParse(p.id)]
		a.equip(p)
	}
}

// equip registers nobody's device, one or two.
func (a *arena) equip(p *person) {
	for range p.devices {
		d := a.push.Subscribe()
		a.rings[d] = p
		a.into(a.ask(0, p, "POST", "/devices", object{
			"id": newID(), "name": "Téléphone", "endpoint": d.Endpoint, "keys": object{"p256dh": d.P256dh, "auth": d.Auth},
		}), &struct{}{})
	}
}

const peopleAWorld = 8

// profession gives each world two who open dossiers, one whom the matrix does not know, a clinician outside, and anybody.
func (d dice) profession(i int) Profession {
	switch i % peopleAWorld {
	case 0:
		return pick(d, []Profession{{"TRE_G15", "10"}, {"TRE_G15", "60"}})
	case 1:
		return pick(d, []Profession{{"TRE_R94", "41"}, {"TRE_R85", "330"}, {"TRE_G15", "50"}, {"TRE_G15", "10"}})
	case 2:
		return pick(d, []Profession{{"TRE_R85", "372"}, {"TRE_R85", "318"}, {"TRE_R85", "333"}})
	case 3:
		return pick(d, []Profession{{"TRE_R85", "300"}, {"TRE_G15", "86"}, {"TRE_R85", "308"}}) // in no line of the matrix
	case 4:
		return pick(d, []Profession{{"TRE_R85", "309"}, {"TRE_R85", "330"}, {"TRE_G15", "21"}})
	case 6: // stays outside, and may break the glass
		return pick(d, []Profession{{"TRE_G15", "10"}, {"TRE_G15", "60"}, {"TRE_G15", "69"}, {"TRE_G15", "50"}})
	}
	p := pick(d, professions.All())
	return Profession{p.System, p.Code}
}

// name is a word nobody else has, so that no dossier looks like another.
func (d dice) name() string {
	letters := make([]byte, 12)
	for i := range letters {
		letters[i] = "aeioubcdfglmnprst"[d.IntN(17)]
	}
	return "X" + string(letters)
}

// answer is what came back of a request.
type answer struct {
	status int
	raw    []byte
	header http.Header
}

func (r answer) String() string { return fmt.Sprintf("%d %s", r.status, r.raw) }

// into decodes an answer that must have come well.
func (a *arena) into(r answer, v any) {
	a.Helper()
	if r.status < 200 || r.status > 299 {
		a.Fatalf("answered %s", r)
	}
	a.must(json.Unmarshal(r.raw, v))
}

// ask sends a request as a person to one of the nodes. It may be called from any goroutine: a fault of the network is an
// answer too.
func (a *arena) ask(n int, p *person, method, path string, body any, headers ...string) answer {
	var send io.Reader
	raw, isFile := body.([]byte)
	if body != nil {
		if !isFile {
			var err error
			if raw, err = json.Marshal(body); err != nil {
				return answer{raw: []byte(err.Error())}
			}
		}
		send = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(a.Context(), method, a.nodes[n].URL+"/api/v1"+path, send)
	if err != nil {
		return answer{raw: []byte(err.Error())}
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	if body != nil && !isFile {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := a.http.Do(r)
	if err != nil {
		return answer{raw: []byte(err.Error())}
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{raw: []byte(err.Error())}
	}
	return answer{res.StatusCode, said, res.Header}
}

// now is the database's clock: the only one that decides.
func (a *arena) now() (at time.Time) {
	a.must(a.owner.QueryRow(a.Context(), "select clock_timestamp()").Scan(&at))
	return at
}

// wait asks again and again until it is so or patience ends.
func (a *arena) wait(what string, so func() bool) {
	a.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(30 * time.Second)
	for !so() {
		select {
		case <-tick.C:
		case <-patience:
			a.Fatalf("not within 30 s: %s", what)
		}
	}
}
