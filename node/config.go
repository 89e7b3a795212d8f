// Package node puts one node together: what `liaison serve` runs, and what tests and the bench start several of. It holds
// no rule of the product.
package node

import (
	"log/slog"
	"time"

	"liaison/accounts"
	"liaison/storage/objects"
)

// Config is everything a node is told.
type Config struct {
	DatabaseURL   string // the application role's, or the owner's
	OwnerURL      string // for migrations; default DatabaseURL
	KeysURL       string // the database of wrapped keys
	MasterKeyFile string
	RedisURL      string         // empty: this node is alone
	S3            objects.Config // where objects are; empty: nowhere

	DocumentMax int64  // bytes; default documents.DefaultMax
	Clamd       string // a ClamAV daemon: unix:/path or host:port; empty: documents are not scanned

	// Signed blocks of the journal are exported to each of these that there is.
	JournalDir       string
	JournalBucket    string        // default S3.Bucket
	JournalRetention time.Duration // for how long a block may not be removed from a bucket with object lock
	JournalMonths    int           // after how many months lines are removed; 0: never

	Listen        string // default 127.0.0.1:8080
	MetricsListen string // empty: no metrics
	PublicURL     string // default http://Listen
	TLSCert       string
	TLSKey        string

	AlertConfig

	Territory string
	Demo      bool
	// DemoAccounts are those a demo names to whoever has not signed in; elsewhere it is not asked.
	DemoAccounts func() ([]accounts.DemoAccount, error)

	MaxConns     int32
	DrainFor     time.Duration // how long Stop waits for requests; default 10 s
	AllowNoFsync bool          // tests only
	NoRateLimit  bool          // load tests on this machine only
	Log          *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.OwnerURL == "" {
		c.OwnerURL = c.DatabaseURL
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	if c.DrainFor == 0 {
		c.DrainFor = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}
