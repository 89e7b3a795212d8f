package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"liaison/storage/embedded"
	"liaison/storage/objects"
)

// s3Settings name an S3 of the operator's own.
type s3Settings struct {
	Endpoint      string `env:"LIAISON_S3_ENDPOINT" help:"Object store: https://host, http://host:port or unix:///socket; empty: a private one." placeholder:"URL"`
	Bucket        string `env:"LIAISON_S3_BUCKET" help:"Its bucket, made when it is not there." placeholder:"NAME"`
	Region        string `env:"LIAISON_S3_REGION" default:"us-east-1" help:"Its region."`
	AccessKeyFile string `env:"LIAISON_S3_ACCESS_KEY_FILE" help:"File of the access key." placeholder:"FILE"`
	SecretKeyFile string `env:"LIAISON_S3_SECRET_KEY_FILE" help:"File of the secret key." placeholder:"FILE"`
	Files         string `env:"LIAISON_S3_FILES" help:"Where a versitygw on this machine keeps its buckets: what is put is then flushed to disk." placeholder:"DIR"`
}

// keyVariables hold the keys themselves, where no file can be given; never options, which every account can read.
const (
	accessKeyVariable = "LIAISON_S3_ACCESS_KEY"
	secretKeyVariable = "LIAISON_S3_SECRET_KEY"
)

// config is what was named, whole; nothing when nothing was.
func (s s3Settings) config() (objects.Config, error) {
	if s.Endpoint == "" {
		if s.Bucket != "" {
			return objects.Config{}, errors.New("LIAISON_S3_BUCKET without LIAISON_S3_ENDPOINT")
		}
		return objects.Config{}, nil
	}
	if s.Bucket == "" {
		return objects.Config{}, errors.New("LIAISON_S3_ENDPOINT needs LIAISON_S3_BUCKET")
	}
	access, err := secretOf("LIAISON_S3_ACCESS_KEY_FILE", s.AccessKeyFile, accessKeyVariable)
	if err != nil {
		return objects.Config{}, err
	}
	secret, err := secretOf("LIAISON_S3_SECRET_KEY_FILE", s.SecretKeyFile, secretKeyVariable)
	if err != nil {
		return objects.Config{}, err
	}
	return objects.Config{
		Endpoint: s.Endpoint, Bucket: s.Bucket, Region: s.Region, AccessKey: access, SecretKey: secret, Files: s.Files,
	}, nil
}

func secretOf(setting, file, variable string) (string, error) {
	text := os.Getenv(variable)
	if file != "" {
		read, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%s: %w", setting, err)
		}
		text = string(read)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("LIAISON_S3_ENDPOINT needs %s or %s", setting, variable)
	}
	return text, nil
}

// startGateway starts the private S3 gateway of the data directory, and again whenever it dies.
func startGateway(ctx context.Context, data string, log *slog.Logger) (objects.Config, func(), error) {
	g, err := embedded.S3(ctx, embedded.Options{DataDir: data, Log: log})
	if err != nil {
		return objects.Config{}, nil, err
	}
	keeping, enough := context.WithCancel(context.Background())
	var kept sync.WaitGroup
	kept.Go(func() { g.Keep(keeping) })
	return privateBucket(g), func() {
		enough()
		kept.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := g.Stop(ctx); err != nil {
			log.Error("stop the S3 gateway", "error", err)
		}
	}, nil
}

// joinGateway is for an operator's command: where a server runs a gateway in the data directory, it works through that one.
func joinGateway(ctx context.Context, data string, log *slog.Logger) (objects.Config, func(), error) {
	if g, ok := embedded.JoinS3(ctx, data, log); ok {
		return privateBucket(g), func() {}, nil
	}
	return startGateway(ctx, data, log)
}

func privateBucket(g *embedded.Gateway) objects.Config {
	return objects.Config{
		Endpoint: g.Endpoint(), AccessKey: g.AccessKey, SecretKey: g.SecretKey, Files: g.Files(), Bucket: "liaison",
	}
}

// s3Environment says to another process of this program where the objects are.
func s3Environment(cfg objects.Config) []string {
	return []string{
		"LIAISON_S3_ENDPOINT=" + cfg.Endpoint, "LIAISON_S3_BUCKET=" + cfg.Bucket, "LIAISON_S3_REGION=" + cfg.Region,
		accessKeyVariable + "=" + cfg.AccessKey, secretKeyVariable + "=" + cfg.SecretKey, "LIAISON_S3_FILES=" + cfg.Files,
		"LIAISON_S3_ACCESS_KEY_FILE=", "LIAISON_S3_SECRET_KEY_FILE=",
	}
}
