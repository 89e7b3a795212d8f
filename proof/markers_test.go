package proof

import (
	"bytes"
	"context"
	"crypto/rand"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"liaison/audit"
	"liaison/node"
	"liaison/storage"
	"liaison/storage/copies"
	"liaison/storage/embedded"
	"liaison/storage/storagetest"
	"liaison/vault"
)

// Everything that is written about a patient holds a marker, and every place where anything is kept or sent is searched for it,
// in clear and in the usual encodings. What is in clear by decision (docs/security.md: who a patient is, the name of a device)
// must be found: a search that finds nothing may look nowhere.
//
// Then the key of the circle is destroyed, and the same words are looked for through every face: of the node that runs, and of
// one restored from a copy of the data made before.
func TestNothingStandsInClearAndADestroyedKeyLeavesNothing(t *testing.T) {
	t.Parallel()
	m := newMarked(t)
	messages, documents := m.plant()
	m.search()
	m.destroyed(messages, documents)
}

// marked is a scene whose every place can be searched.
type marked struct {
	*scene
	cluster *embedded.Cluster
	gateway *storagetest.Gateway
	redis   *redis.Client
	cfg     node.Config
	log     *searchable
	told    *searchable // every command to Redis
	stem    string      // every marker begins with it
	needles map[string][]byte
}

// searchable is what is written while it may be searched.
type searchable struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (s *searchable) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *searchable) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.all.Bytes())
}

func newMarked(t *testing.T) *marked {
	t.Helper()
	m := &marked{log: &searchable{}, told: &searchable{}, stem: randomWord()}
	dir, err := os.MkdirTemp("", "liaison-markers-") // t.TempDir is closed to the account of a private PostgreSQL
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m.cluster, err = embedded.Postgres(t.Context(), embedded.Options{DataDir: filepath.Join(dir, "postgres"), Durable: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.cluster.Stop(context.Background()) })
	m.gateway = storagetest.OwnS3(t)
	server := storagetest.Redis(t)
	options, err := redis.ParseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	m.redis = redis.NewClient(options)
	t.Cleanup(func() { _ = m.redis.Close() })
	m.listen(t, options.Addr)
	m.scene = newScene(t, m.databases(t, "care"), func(c *node.Config) {
		c.S3, c.RedisURL, c.AllowNoFsync = m.gateway.Config, server.URL, false
		c.Log = slog.New(slog.NewJSONHandler(m.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		m.cfg = *c
	})
	return m
}

// databases makes an empty one and one for its keys.
func (m *marked) databases(t *testing.T, name string) *storagetest.DB {
	t.Helper()
	admin, err := pgx.Connect(t.Context(), m.cluster.URL("postgres", embedded.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context())
	for _, name := range []string{name, name + "_keys"} {
		if _, err := admin.Exec(t.Context(), "create database "+name); err != nil {
			t.Fatal(err)
		}
	}
	url := m.cluster.URL(name, embedded.Owner)
	return &storagetest.DB{URL: url, OwnerURL: url, KeysURL: m.cluster.URL(name+"_keys", embedded.Owner)}
}

// listen keeps every command that Redis is given.
func (m *marked) listen(t *testing.T, socket string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "unix", socket)
	if err == nil {
		_, err = io.WriteString(conn, "MONITOR\r\n")
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _, _ = io.Copy(m.told, conn) }()
	t.Cleanup(func() { _ = conn.Close(); <-done })
}

func randomWord() string {
	word := make([]byte, 14)
	_, _ = rand.Read(word)
	for i := range word {
		word[i] = "bcdfghjklmnpqrtv"[word[i]%16]
	}
	return "zk" + string(word)
}

// word is the marker of one thing: a word of letters, so that nothing takes it apart.
func (m *marked) word(of string) string { return m.stem + of }

const odd, limit = 38.271649, 137.618253

// plant writes everything once, and lets every part of the product do its work with it.
func (m *marked) plant() (messages, documents []string) {
	m.Helper()
	picture, caption := m.picture(), "Légende "+m.word("caption")
	documents = []string{
		m.send(m.nurse, "Photo "+m.word("name")+".jpg", caption, picture),
		m.send(m.nurse, "Lettre.txt", caption, bytes.Repeat([]byte("Lettre "+m.word("content")+". "), 40_000)), // more than a chunk
	}
	note := m.post(m.nurse, object{
		"category": "nursing", "text": "Plaie " + m.word("text") + " au talon", "urgent": true, "document_ids": documents,
		"measures": []object{{"code": "body_temperature", "components": []object{{"code": "value", "value": odd, "unit": "Cel"}}, "context": m.word("context")}},
	})
	taken := m.post(m.nurse, object{"category": "medication", "text": "Pris " + m.word("former")})
	m.amend(taken, "Pris "+m.word("corrected"), "Faute "+m.word("why"))
	gone := m.post(m.nurse, object{"category": "nursing", "text": "Autre " + m.word("gone"), "urgent": true})
	m.withdraw(gone, "Erreur "+m.word("mistake"))
	reply := m.post(m.nurse, object{"category": "nursing", "text": "Vu " + m.word("reply"), "thread_id": note})
	m.well(m.ask(0, m.gp, "PUT", "/teams/"+m.team+"/thresholds", object{"items": []object{{"code": "body_weight", "component": "value", "high": limit}}}))
	m.send(m.nurse, "Seule "+m.word("unattached")+".txt", m.word("alone"), []byte("Rien "+m.word("inside")))
	m.begin("Coupée "+m.word("cut")+".txt", []byte("Début "+m.word("tail")+" et la suite"))
	told := m.emergency()
	for _, q := range []string{m.word("text"), m.word("caption"), m.word("query"), `"` + m.word("quoted") + `" -x`} {
		m.wait("a complete search", func() bool {
			return bytes.Contains(m.well(m.ask(0, m.gp, "GET", "/search?q="+strings.ReplaceAll(strings.ReplaceAll(q, " ", "+"), `"`, "%22"), nil)).raw, []byte(`"complete":true`))
		})
	}
	m.refusals()
	pushes := m.push.Wait(1)
	m.well(m.ask(0, m.gp, "POST", "/alerts/"+pushes[0].Message.AlertID+"/acknowledge", object{"outcome": "taken"}))
	m.well(m.ask(0, m.gp, "POST", "/devices", m.phone()))
	m.makeNeedles(picture, m.well(m.ask(0, m.nurse, "GET", "/documents/"+documents[0]+"/thumbnail", nil)).raw)
	return []string{note, taken, gone, reply, told}, documents
}

// emergency is opened by the stranger, judged, and ended; it gives the note that told of it.
func (m *marked) emergency() string {
	var e struct {
		ID        string
		MessageID string `json:"message_id"`
	}
	m.into(m.ask(0, m.stranger, "POST", "/emergencies", object{
		"id": newID(), "family_name": "Dufour", "given_name": "Odette", "birth_date": "1939-03-12", "sex": "F", "hours": 2, "reason": "Chute " + m.word("urgency"),
	}), &e)
	m.well(m.ask(0, m.gp, "POST", "/teams/"+m.team+"/emergencies/"+e.ID+"/review", object{"verdict": "unjustified", "note": "Non " + m.word("judged")}))
	m.well(m.ask(0, m.stranger, "DELETE", "/teams/"+m.team+"/members/"+m.stranger.id, nil))
	return e.MessageID
}

func (m *marked) phone() object {
	d := m.push.Subscribe()
	return object{"id": newID(), "name": m.word("device"), "endpoint": d.Endpoint, "keys": object{"p256dh": d.P256dh, "auth": d.Auth}}
}

// refusals make faults whose words could end up in a log: bad bodies, bad parameters, a socket that is no socket.
func (m *marked) refusals() {
	word := m.word("refused")
	for _, bad := range []object{{"id": word, "text": word}, {"id": newID(), "category": word, "text": word}, {"id": newID(), "category": "nursing", "text": word, "thread_id": word}, {word: word}} {
		m.ask(0, m.nurse, "POST", "/channels/"+m.channel+"/messages", bad)
	}
	m.ask(0, m.stranger, "POST", "/channels/"+m.channel+"/messages", object{"id": newID(), "category": "nursing", "text": word})
	m.ask(0, m.nurse, "POST", "/documents", object{"id": newID(), "team_id": m.team, "name": word + ".exe", "size": 3, "sha256": word})
	for _, path := range []string{"/" + word, "/messages/" + word, "/search?q=x&team=" + word, "/live?" + word, "/teams/" + m.team + "/measures?code=" + word} {
		m.ask(0, m.nurse, "GET", path, nil, "Range", word, "X-"+word, word)
	}
}

func (m *marked) picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	noise := make([]byte, len(img.Pix))
	_, _ = rand.Read(noise)
	copy(img.Pix, noise)
	img.Set(0, 0, color.RGBA{1, 2, 3, 255})
	var out bytes.Buffer
	m.must(jpeg.Encode(&out, img, nil))
	return out.Bytes()
}

// search looks everywhere.
func (m *marked) search() {
	m.Helper()
	m.eachEncodingIsFound()
	m.wait("the journal in the store", func() bool {
		stored := map[string][]byte{}
		m.stored(stored)
		return slices.ContainsFunc(slices.Collect(maps.Keys(stored)), func(place string) bool { return strings.HasPrefix(place, "journal: ") })
	})
	places := m.places()
	control := m.word("device")
	inClear := map[string]bool{}
	for where, raw := range places {
		// The name of a device is in clear by decision, and in its table alone.
		if bytes.Contains(raw, []byte(control)) {
			inClear[strings.SplitN(where, ":", 2)[0]] = true
			for _, needle := range encodings(control) {
				raw = bytes.ReplaceAll(raw, needle, nil)
			}
		}
		if found := m.finds(raw); len(found) > 0 {
			m.Errorf("%s holds %v", where, found)
		}
	}
	for _, kind := range []string{"file of PostgreSQL", "table", "copy"} {
		if !inClear[kind] {
			m.Errorf("no %s holds what stands in clear there: this test does not look where things are written", kind)
		}
	}
	for where, text := range map[string]string{"log": `"level"`, "redis": m.channel, "journal": "", "object": "", "push": m.push.Received()[0].Message.AlertID} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(places)), func(place string) bool {
			return strings.HasPrefix(place, where) && bytes.Contains(places[place], []byte(text))
		}) {
			m.Errorf("%s does not hold %q: this test does not look where things are written", where, text)
		}
	}
}

// destroyed ends the key of one circle. Another circle reads as before.
func (m *marked) destroyed(messages, documents []string) {
	m.Helper()
	before := m.copies()
	m.tellsEverything("before", messages, documents)
	m.must(m.nodes[0].Vault.Destroy(m.Context(), uuid.MustParse(m.team)))
	after := m.copies()
	m.tellsNothing("the node that runs", messages, documents)
	m.nodes[0].Stop()
	m.restored("kept", before["data"], before["keys"])
	m.tellsEverything("a copy, with the keys of before", messages, documents)
	m.nodes[len(m.nodes)-1].Stop()
	m.restored("forgotten", before["data"], after["keys"])
	m.tellsNothing("a copy, with the keys of after", messages, documents)
}

func (m *marked) restored(name string, data, keys []byte) {
	m.Helper()
	there := m.databases(m.T, name)
	m.must(vault.Migrate(m.Context(), there.KeysURL))
	_, err := copies.Load(m.Context(), there.KeysURL, "", bytes.NewReader(keys), int64(len(keys)), func(context.Context, pgx.Tx) error { return nil })
	m.must(err)
	m.must(storage.Migrate(m.Context(), there.OwnerURL))
	v, err := vault.Open(m.Context(), there.KeysURL, m.cfg.MasterKeyFile)
	m.must(err)
	defer v.Close()
	signs, err := node.JournalKey(m.Context(), v)
	m.must(err)
	_, err = copies.Load(m.Context(), there.OwnerURL, copies.Role, bytes.NewReader(data), int64(len(data)), func(ctx context.Context, tx pgx.Tx) error {
		if err := node.NewIncarnation(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "reset role"); err != nil {
			return err
		}
		return audit.Rebase(ctx, tx, signs)
	})
	m.must(err)
	cfg := m.cfg
	cfg.DatabaseURL, cfg.OwnerURL, cfg.KeysURL = there.URL, there.OwnerURL, there.KeysURL
	m.start(cfg)
}

// tellsEverything: the faces that are silent below do speak when there is a key.
func (m *marked) tellsEverything(where string, messages, documents []string) {
	m.Helper()
	m.wait("the index of "+where, func() bool {
		return bytes.Contains(m.ask(len(m.nodes)-1, m.nurse, "GET", "/search?q="+m.word("text"), nil).raw, []byte(`"hit":true`))
	})
	var all []byte
	for _, got := range m.shown(m.nurse, messages, documents, m.word("text")) {
		all = append(all, got.raw...)
	}
	for _, of := range []string{"text", "context", "former", "corrected", "why", "gone", "mistake", "reply", "caption", "name", "content"} {
		if !bytes.Contains(all, []byte(m.word(of))) {
			m.Errorf("%s: no face tells %s", where, of)
		}
	}
	for _, name := range []string{"picture", "thumbnail", "measure, plain", "threshold, plain"} {
		if !bytes.Contains(all, m.needles[name]) {
			m.Errorf("%s: no face tells the %s", where, name)
		}
	}
}

func (m *marked) tellsNothing(where string, messages, documents []string) {
	m.Helper()
	for face, got := range m.shown(m.nurse, messages, documents, m.word("text")) {
		told := bytes.ReplaceAll(got.raw, []byte(m.word("device")), nil)
		if found := m.finds(told); len(found) > 0 {
			m.Errorf("%s: %s still tells %v", where, face, found)
		}
		if strings.Contains(face, "/content") && got.status < http.StatusBadRequest {
			m.Errorf("%s: %s answered %d", where, face, got.status)
		}
		if got.status == 0 {
			m.Errorf("%s: %s gave no answer: %s", where, face, got.raw)
		}
	}
}
