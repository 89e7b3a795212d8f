package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"liaison/demo"
	"liaison/node"
	"liaison/notifications"
	"liaison/storage/embedded"
	"liaison/storage/objects"
)

// settings are what the environment or the command line says; empty ones have defaults that work on one machine.
type settings struct {
	Data          string        `env:"LIAISON_DATA" help:"Directory of everything this node keeps." placeholder:"DIR"`
	DatabaseURL   string        `env:"LIAISON_DATABASE_URL" help:"PostgreSQL 15 or newer; empty: a private one." placeholder:"URL"`
	OwnerURL      string        `env:"LIAISON_DATABASE_OWNER_URL" help:"The same database as its owner, for migrations." placeholder:"URL"`
	KeysURL       string        `env:"LIAISON_KEYS_DATABASE_URL" help:"Database of the wrapped keys." placeholder:"URL"`
	MasterKeyFile string        `env:"LIAISON_MASTER_KEY_FILE" help:"File of the master key." placeholder:"FILE"`
	RedisURL      string        `env:"LIAISON_REDIS_URL" help:"Redis, between several nodes." placeholder:"URL"`
	JournalDir    string        `env:"LIAISON_JOURNAL_DIR" help:"Directory where the journal's signed blocks are exported." placeholder:"DIR"`
	JournalBucket string        `env:"LIAISON_JOURNAL_BUCKET" help:"Bucket where they are exported; default: LIAISON_S3_BUCKET." placeholder:"NAME"`
	JournalDays   int           `env:"LIAISON_JOURNAL_RETENTION_DAYS" help:"For how long nobody may remove an exported block; needs a bucket with object lock." placeholder:"N"`
	JournalMonths int           `env:"LIAISON_JOURNAL_MONTHS" help:"After how many months lines of the journal are removed, 6 at least; 0: never." placeholder:"N"`
	S3            s3Settings    `embed:"" prefix:"s3-"`
	Listen        string        `env:"LIAISON_LISTEN" default:"127.0.0.1:8080" help:"Address to serve on."`
	MetricsListen string        `env:"LIAISON_METRICS_LISTEN" default:"127.0.0.1:9090" help:"Address of the metrics; empty for none."`
	PublicURL     string        `env:"LIAISON_PUBLIC_URL" help:"Address that people type." placeholder:"URL"`
	TLSCert       string        `env:"LIAISON_TLS_CERT" help:"Certificate, to serve HTTPS." placeholder:"FILE"`
	TLSKey        string        `env:"LIAISON_TLS_KEY" help:"Its key." placeholder:"FILE"`
	Territory     string        `env:"LIAISON_TERRITORY" help:"Name of the territory, set at the first start."`
	AlertRepeat   time.Duration `env:"LIAISON_ALERT_REPEAT" default:"5m" help:"After how long an alert asks the same person again."`
	AlertNext     time.Duration `env:"LIAISON_ALERT_NEXT" default:"15m" help:"After how long it asks the next one."`
	PushContact   string        `env:"LIAISON_PUSH_CONTACT" help:"https: or mailto: address of who runs this instance, given to push services." placeholder:"ADDRESS"`
	PushTestHosts []string      `env:"LIAISON_PUSH_TEST_HOSTS" hidden:"" help:"Push services of tests on this machine, host:port."`
	DocumentMax   int64         `env:"LIAISON_DOCUMENT_MAX" default:"262144000" help:"Largest document, in bytes."`
	Clamd         string        `env:"LIAISON_CLAMD" help:"ClamAV daemon: unix:/path or host:port; empty: documents are not scanned." placeholder:"SOCKET"`
	NoRateLimit   bool          `env:"LIAISON_NO_RATE_LIMIT" hidden:"" help:"For load tests on this machine."`
}

// prepared is a configuration with what had to be started for it.
type prepared struct {
	node.Config
	data  string
	stops []func()
}

// stop stops what was started.
func (p prepared) stop() {
	for _, stop := range p.stops {
		if stop != nil {
			stop()
		}
	}
}

// prepare fills what is not configured: the data directory, and a private PostgreSQL and S3 gateway in it.
func (s settings) prepare(ctx context.Context, log *slog.Logger) (prepared, error) {
	return s.prepareWith(ctx, log, starters{postgres: embedded.Postgres, gateway: startGateway})
}

// prepareTool is for an operator's command: where a server already runs in the data directory, it works on its database.
// Objects are not started for it.
func (s settings) prepareTool(ctx context.Context, log *slog.Logger) (prepared, error) {
	return s.prepareWith(ctx, log, starters{postgres: joinPostgres})
}

func joinPostgres(ctx context.Context, opts embedded.Options) (*embedded.Cluster, error) {
	if running, ok := embedded.Join(ctx, opts.DataDir, opts.Log); ok {
		return running, nil
	}
	return embedded.Postgres(ctx, opts)
}

// starters are how the private services are had; without gateway there is none.
type starters struct {
	postgres func(context.Context, embedded.Options) (*embedded.Cluster, error)
	gateway  func(ctx context.Context, data string, log *slog.Logger) (objects.Config, func(), error)
}

func (s settings) prepareWith(ctx context.Context, log *slog.Logger, have starters) (prepared, error) {
	if s.Data == "" {
		dir, err := embedded.DefaultDataDir()
		if err != nil {
			return prepared{}, err
		}
		s.Data = dir
	}
	store, err := s.S3.config()
	if err != nil {
		return prepared{}, err
	}
	p := prepared{data: s.Data}
	if s.DatabaseURL == "" {
		if store, err = s.startPrivate(ctx, log, have, store, &p); err != nil {
			p.stop()
			return p, err
		}
	}
	if err := s.fill(); err != nil {
		p.stop()
		return p, err
	}
	p.Config = s.config(log)
	p.S3 = store
	return p, nil
}

// startPrivate starts what is not configured, side by side.
func (s *settings) startPrivate(ctx context.Context, log *slog.Logger, have starters, store objects.Config, p *prepared) (objects.Config, error) {
	var starting errgroup.Group
	var stopPostgres, stopGateway func()
	starting.Go(func() (err error) {
		stopPostgres, err = s.startPostgres(ctx, log, have)
		return err
	})
	if have.gateway != nil && !store.Set() {
		starting.Go(func() (err error) {
			store, stopGateway, err = have.gateway(ctx, s.Data, log)
			return err
		})
	}
	err := starting.Wait()
	p.stops = append(p.stops, stopPostgres, stopGateway)
	return store, err
}

func (s *settings) startPostgres(ctx context.Context, log *slog.Logger, have starters) (stop func(), err error) {
	cluster, err := have.postgres(ctx, embedded.Options{DataDir: s.Data, Durable: true, Log: log})
	if err != nil {
		return nil, err
	}
	stop = func() {
		if err := cluster.Stop(context.Background()); err != nil {
			log.Error("stop PostgreSQL", "error", err)
		}
	}
	for _, name := range []string{"liaison", "liaison_keys"} {
		if err := cluster.CreateDatabase(ctx, name); err != nil {
			stop()
			return nil, err
		}
	}
	s.DatabaseURL, s.OwnerURL = cluster.URL("liaison", "liaison_app"), cluster.URL("liaison", embedded.Owner)
	if s.KeysURL == "" {
		s.KeysURL = cluster.URL("liaison_keys", embedded.Owner)
	}
	return stop, nil
}

func (s *settings) fill() error {
	if s.KeysURL == "" {
		return fmt.Errorf("LIAISON_KEYS_DATABASE_URL is needed with LIAISON_DATABASE_URL: wrapped keys live in a database of their own")
	}
	if err := os.MkdirAll(s.Data, 0o711); err != nil {
		return fmt.Errorf("data directory (LIAISON_DATA names another): %w", err)
	}
	if s.OwnerURL == "" {
		s.OwnerURL = s.DatabaseURL
	}
	if s.MasterKeyFile == "" {
		s.MasterKeyFile = filepath.Join(s.Data, "master.key")
	}
	// The private gateway is on the same disk, and a directory is read without it.
	if s.JournalDir == "" && s.S3.Endpoint == "" {
		s.JournalDir = filepath.Join(s.Data, "journal")
	}
	return nil
}

func (s settings) config(log *slog.Logger) node.Config {
	return node.Config{
		DatabaseURL: s.DatabaseURL, OwnerURL: s.OwnerURL, KeysURL: s.KeysURL, MasterKeyFile: s.MasterKeyFile, RedisURL: s.RedisURL,
		JournalDir: s.JournalDir, Listen: s.Listen, MetricsListen: s.MetricsListen, PublicURL: s.PublicURL, TLSCert: s.TLSCert,
		JournalBucket: s.JournalBucket, JournalRetention: time.Duration(s.JournalDays) * 24 * time.Hour, JournalMonths: s.JournalMonths,
		TLSKey: s.TLSKey, Territory: s.Territory, DemoAccounts: demo.Accounts, DocumentMax: s.DocumentMax, Clamd: s.Clamd, NoRateLimit: s.NoRateLimit, Log: log,
		AlertConfig: node.AlertConfig{
			AlertTimes:  notifications.Times{Repeat: s.AlertRepeat, Next: s.AlertNext},
			PushContact: s.PushContact, PushTestHosts: s.PushTestHosts,
		},
	}
}
