// Package node puts one node together: what `liaison serve` runs, and what tests and the bench start several of. It holds
// no rule of the product.
package node

import (
	"log/slog"
	"time"
)

// Config is everything a node is told.
type Config struct {
	DatabaseURL   string // the application role's, or the owner's
	OwnerURL      string // for migrations; default DatabaseURL
	KeysURL       string // the database of wrapped keys
	MasterKeyFile string
	RedisURL      string // empty: this node is alone
	JournalDir    string // where signed blocks of the journal are exported

	Listen        string // default 127.0.0.1:8080
	MetricsListen string // empty: no metrics
	PublicURL     string // default http://Listen
	TLSCert       string
	TLSKey        string

	Territory string
	Demo      bool

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
