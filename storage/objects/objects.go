// Package objects is the plumbing of one bucket of an S3: put, get, stat, remove, list, with deadlines and errors that say
// what a caller can do about them. It knows no notion of the product, encrypts nothing and never relies on the store to.
package objects

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"
)

// Config says where the bucket is.
type Config struct {
	Endpoint  string // https://host, http://host:port or unix:///path/of/socket
	Region    string // default us-east-1
	Bucket    string
	AccessKey string
	SecretKey string
	Prefix    string // put before every key; with its slash
	Lock      bool   // when the bucket is made here, make it with object lock

	// Files is where a gateway on this machine keeps its buckets as files, when it does not flush them itself: what is put
	// is then flushed here before Put answers.
	Files string
	Roots *x509.CertPool // default: the system's, and SSL_CERT_FILE
}

// Set says whether a store is configured.
func (c Config) Set() bool { return c.Endpoint != "" }

// Bucket is a bucket seen through a prefix.
type Bucket struct {
	cfg    Config
	client *minio.Client
	// streams sends a checksum after the body, for bodies that cannot be read twice. Over http that fails with some servers,
	// and there every chunk is signed instead.
	streams *minio.Client
}

const (
	// quick bounds what carries no body.
	quick = 15 * time.Second
	// slowest is the pace below which a transfer counts as stuck, in bytes a second.
	slowest = 64 << 10
	// attempts of what can be repeated; the caller has retries of its own.
	attempts = 3
)

// Open prepares the client; it does not reach the store yet: see Ensure.
func Open(cfg Config) (*Bucket, error) {
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	at, err := parseEndpoint(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	if err := s3utils.CheckValidBucketNameStrict(cfg.Bucket); err != nil {
		return nil, fmt.Errorf("S3 bucket %q: %w", cfg.Bucket, err)
	}
	transport, err := minio.DefaultTransport(at.tls)
	if err != nil {
		return nil, fmt.Errorf("S3 transport: %w", err)
	}
	transport.ResponseHeaderTimeout = 30 * time.Second
	if at.socket != "" {
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", at.socket)
		}
	}
	if cfg.Roots != nil && at.tls {
		transport.TLSClientConfig.RootCAs = cfg.Roots
	}
	opts := minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Secure: at.tls, Region: cfg.Region,
		Transport: transport, MaxRetries: attempts,
	}
	b := &Bucket{cfg: cfg}
	if b.client, err = minio.New(at.host, &opts); err != nil {
		return nil, fmt.Errorf("S3 client: %w", err)
	}
	opts.TrailingHeaders = at.tls
	if b.streams, err = minio.New(at.host, &opts); err != nil {
		return nil, fmt.Errorf("S3 client: %w", err)
	}
	return b, nil
}

type endpoint struct {
	host   string
	tls    bool
	socket string
}

func parseEndpoint(text string) (endpoint, error) {
	u, err := url.Parse(text)
	if err != nil {
		return endpoint{}, errors.New("the S3 endpoint is not an address") // the address itself may hold a secret
	}
	switch {
	case u.Scheme == "unix" && u.Host == "" && u.Path != "":
		return endpoint{host: "localhost", socket: u.Path}, nil
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && (u.Path == "" || u.Path == "/"):
		return endpoint{host: u.Host, tls: u.Scheme == "https"}, nil
	}
	return endpoint{}, errors.New("the S3 endpoint is https://host, http://host:port or unix:///path/of/socket, without path or user")
}

// Under is the same bucket below a further prefix.
func (b *Bucket) Under(prefix string) *Bucket {
	below := *b
	below.cfg.Prefix += prefix
	return &below
}

// Name is the bucket's name.
func (b *Bucket) Name() string { return b.cfg.Bucket }

// Ensure makes the bucket unless it is there.
func (b *Bucket) Ensure(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, quick, errSlow)
	defer cancel()
	there, err := b.client.BucketExists(ctx, b.cfg.Bucket)
	if err != nil {
		return b.said(ctx, "look for the bucket", "", err)
	}
	if there {
		return nil
	}
	err = b.client.MakeBucket(ctx, b.cfg.Bucket, minio.MakeBucketOptions{Region: b.cfg.Region, ObjectLocking: b.cfg.Lock})
	if minio.ToErrorResponse(err).Code == "BucketAlreadyOwnedByYou" {
		return nil // another node was faster
	}
	return b.said(ctx, "make the bucket", "", err)
}

// Ready says whether the store answers, knows our keys and has the bucket. It lists one key, because an answer without a body
// would not tell a missing bucket from an unknown key.
func (b *Bucket) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 5*time.Second, errSlow)
	defer cancel()
	for o := range b.client.ListObjectsIter(ctx, b.cfg.Bucket, minio.ListObjectsOptions{Prefix: b.cfg.Prefix, MaxKeys: 1}) {
		return b.said(ctx, "list", "", o.Err)
	}
	return nil
}

// Locked says whether the bucket keeps objects from being changed: without it a retention cannot be asked for.
func (b *Bucket) Locked(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, quick, errSlow)
	defer cancel()
	lock, _, _, _, err := b.client.GetObjectLockConfig(ctx, b.cfg.Bucket)
	if minio.ToErrorResponse(err).Code == "ObjectLockConfigurationNotFoundError" {
		return false, nil
	}
	return err == nil && lock == "Enabled", b.said(ctx, "read the bucket's lock", "", err)
}
