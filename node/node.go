package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"liaison/access"
	"liaison/accounts"
	"liaison/audit"
	"liaison/chat"
	"liaison/documents"
	"liaison/events"
	"liaison/live"
	"liaison/matrices"
	mobileapi "liaison/mobile-api"
	"liaison/notifications"
	"liaison/storage"
	"liaison/storage/objects"
	"liaison/teams"
	"liaison/vault"
	"liaison/web"
)

// Node is one running node.
type Node struct {
	Config
	Instance Instance
	URL      string // where it really listens

	DB        *storage.DB
	Vault     *vault.Vault
	Gate      *access.Gate
	Objects   *objects.Bucket // nil: none is configured
	Bus       events.Bus
	Accounts  *accounts.Service
	Teams     *teams.Service
	Matrices  *matrices.Service
	Chat      *chat.Service
	Documents *documents.Service
	Jobs      *storage.DB // connections of what is done in the background
	Alerts    *notifications.Service
	Hub       *live.Hub
	Sealer    *audit.Sealer
	API       *mobileapi.API

	registry *prometheus.Registry
	servers  []*http.Server
	draining atomic.Bool
	stop     []func() // in the order of starting; run backwards
	working  sync.WaitGroup
}

// Start opens everything and serves. What was opened is closed again when it fails.
func Start(ctx context.Context, cfg Config) (*Node, error) {
	n := &Node{Config: cfg.withDefaults(), registry: prometheus.NewRegistry()}
	if err := audit.CheckMonths(n.JournalMonths); err != nil {
		return nil, fmt.Errorf("LIAISON_JOURNAL_MONTHS: %w", err)
	}
	steps := []func(context.Context) error{n.openStorage, n.openJobs, n.openObjects, n.openBus, n.openFeatures, n.work, n.serve}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			n.Stop()
			return nil, err
		}
	}
	return n, nil
}

func (n *Node) onStop(fn func()) { n.stop = append(n.stop, fn) }

func (n *Node) openStorage(ctx context.Context) (err error) {
	if err := storage.Migrate(ctx, n.OwnerURL); err != nil {
		return err
	}
	n.DB, err = storage.Open(ctx, storage.Config{URL: n.DatabaseURL, OwnerURL: n.OwnerURL, MaxConns: n.MaxConns, AllowNoFsync: n.AllowNoFsync})
	if err != nil {
		return err
	}
	n.onStop(n.DB.Close)
	if err := audit.Kept(ctx, n.DB.Pool); err != nil {
		return err
	}
	if n.Vault, err = vault.Open(ctx, n.KeysURL, n.MasterKeyFile); err != nil {
		return err
	}
	n.onStop(n.Vault.Close)
	n.Instance, err = identify(ctx, n.DB, n.Territory, n.Demo)
	return err
}

func (n *Node) openBus(context.Context) (err error) {
	if n.RedisURL == "" {
		n.Bus = events.NewMemory()
		return nil
	}
	bus, err := events.NewRedis(n.RedisURL, n.Instance.ID, n.Log)
	if err != nil {
		return err
	}
	n.Bus = bus
	n.onStop(func() { _ = bus.Close() })
	return nil
}

func (n *Node) openFeatures(ctx context.Context) error {
	secrets, err := n.secrets(ctx)
	if err != nil {
		return err
	}
	n.Gate = access.NewGate(n.DB, n.Bus)
	if err := n.Gate.PublishDefault(ctx); err != nil {
		return fmt.Errorf("publish the default matrix: %w", err)
	}
	if n.Accounts, err = accounts.New(n.DB, accounts.Config{Instance: n.Instance.ID, Secret: secrets.accounts, Demo: n.Instance.Demo, Gate: n.Gate}); err != nil {
		return err
	}
	n.Accounts.OnRevoked = n.tellRevoked
	cursors, err := events.NewCursors(secrets.cursors, n.Instance.Incarnation)
	if err != nil {
		return err
	}
	who := people{n.Accounts}
	n.Matrices = matrices.New(n.Gate, n.DB, n.Accounts)
	if n.Teams, err = teams.New(n.Gate, n.DB, n.Vault, who, secrets.lookAlikes); err != nil {
		return err
	}
	n.Chat = chat.New(n.Gate, n.Vault, cursors, n.Log)
	n.Teams.Notebook = Notebook{n.Chat}
	if err := n.openDocuments(who); err != nil {
		return err
	}
	if err := n.openAlerts(ctx, who); err != nil {
		return err
	}
	n.Hub = live.NewHub(live.Config{
		Gate: n.Gate, Audiences: access.NewAudiences(n.DB), Bus: n.Bus, Messages: n.Chat, Alerts: n.Alerts, Sessions: n.Accounts, Names: n.nameOf,
		Cursors: cursors, Forget: n.Vault.Forget, Node: uuid.NewString()[:8], Log: n.Log,
	})
	exports, err := n.exports()
	if err != nil {
		return err
	}
	n.Sealer = audit.NewSealer(n.DB, secrets.journal, exports, n.Log)
	return nil
}

// tellRevoked cuts ended sessions here, forgets their devices, and says so to the other nodes.
func (n *Node) tellRevoked(sessions []uuid.UUID) {
	n.Hub.CutSessions(sessions, live.SessionRevoked)
	n.forgetDevices(sessions)
	for _, id := range sessions {
		n.Bus.Publish(events.Event{Type: events.SessionRevoked, Session: id})
	}
}

func (n *Node) nameOf(ctx context.Context, person uuid.UUID) string {
	found, err := n.Accounts.Professionals(ctx, []uuid.UUID{person})
	if err != nil {
		return ""
	}
	return found[person].DisplayName()
}

type secrets struct {
	accounts, cursors, lookAlikes []byte
	journal                       ed25519.PrivateKey
}

// JournalKey gives the key that signs the journal's blocks.
func JournalKey(ctx context.Context, v *vault.Vault) (ed25519.PrivateKey, error) {
	seed, err := v.Secret(ctx, "journal", ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func (n *Node) secrets(ctx context.Context) (s secrets, err error) {
	for name, into := range map[string]*[]byte{"accounts": &s.accounts, "cursors": &s.cursors, "look_alikes": &s.lookAlikes} {
		if *into, err = n.Vault.Secret(ctx, name, 32); err != nil {
			return s, fmt.Errorf("secret %s: %w", name, err)
		}
	}
	s.journal, err = JournalKey(ctx, n.Vault)
	return s, err
}

// work starts what goes on in the background.
func (n *Node) work(context.Context) error {
	n.background(n.Chat.Run)
	n.background(func(ctx context.Context) {
		if err := n.Chat.RunIndex(ctx, n.Bus); err != nil {
			n.Log.Error("index for search", "error", err)
		}
	})
	if n.Objects != nil {
		n.background(n.Documents.Run)
	}
	n.background(n.prune)
	n.background(n.runJournal)
	n.background(func(ctx context.Context) { n.Teams.RunTeller(ctx, n.Log) })
	n.background(n.runAlerts)
	n.background(func(ctx context.Context) { n.Gate.RunTimer(ctx, n.Log) })
	n.background(func(ctx context.Context) { n.Gate.RunRecompiler(ctx, n.Log) })
	n.background(func(ctx context.Context) {
		if err := n.Sealer.Run(ctx); err != nil {
			n.Log.Error("sealer", "error", err)
		}
	})
	n.background(func(ctx context.Context) {
		if err := n.Hub.Run(ctx); err != nil {
			n.Log.Error("hub", "error", err)
		}
	})
	n.observe()
	return nil
}

// prune forgets ended sessions' tokens, hourly.
func (n *Node) prune(ctx context.Context) {
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hourly.C:
			if err := n.Accounts.Prune(ctx); err != nil && ctx.Err() == nil {
				n.Log.Warn("prune sessions", "error", err)
			}
			if err := n.Alerts.Prune(ctx); err != nil && ctx.Err() == nil {
				n.Log.Warn("prune devices", "error", err)
			}
		}
	}
}

func (n *Node) background(run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	n.onStop(func() { cancel(); <-done })
}

func (n *Node) serve(context.Context) error {
	listener, err := net.Listen("tcp", n.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (LIAISON_LISTEN names another address): %w", n.Listen, err)
	}
	n.URL = n.PublicURL
	if n.URL == "" {
		n.URL = n.scheme() + "://" + listener.Addr().String()
	}
	n.Alerts.SetAddress(n.URL)
	dist, err := fs.Sub(web.Dist, "dist")
	if err != nil {
		return err
	}
	if n.API, err = n.api(dist); err != nil {
		_ = listener.Close()
		return err
	}
	n.serveOn(listener, n.API)
	return n.serveMetrics()
}

func (n *Node) scheme() string {
	if n.TLSCert != "" {
		return "https"
	}
	return "http"
}

func (n *Node) serveOn(listener net.Listener, h http.Handler) {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(n.Log.Handler(), slog.LevelDebug),
	}
	n.servers = append(n.servers, server)
	n.working.Go(func() {
		var err error
		if n.TLSCert != "" {
			err = server.ServeTLS(listener, n.TLSCert, n.TLSKey)
		} else {
			err = server.Serve(listener)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			n.Log.Error("serve", "error", err)
		}
	})
}

// Ready says whether the node can do its work.
func (n *Node) Ready(ctx context.Context) error {
	if n.draining.Load() {
		return errors.New("draining")
	}
	return n.DB.Pool.Ping(ctx)
}

// Stop drains: no new request, sockets are told to come back, what waits is written, then everything is closed.
func (n *Node) Stop() {
	if n.draining.Swap(true) {
		return
	}
	if n.Hub != nil {
		n.Hub.CutAll(live.Restarting)
	}
	ctx, cancel := context.WithTimeout(context.Background(), n.DrainFor)
	defer cancel()
	for _, s := range n.servers {
		if err := s.Shutdown(ctx); err != nil {
			_ = s.Close()
		}
	}
	n.working.Wait()
	for i := len(n.stop) - 1; i >= 0; i-- {
		n.stop[i]()
	}
}
