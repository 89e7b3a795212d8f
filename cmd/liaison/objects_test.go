package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liaison/access"
	"liaison/audit"
	"liaison/mobile-api/apitest"
	"liaison/node"
	"liaison/storage/objects"
	"liaison/storage/storagetest"
)

// A configured store is named whole, or the setting that is missing is.
func TestSettingsOfTheObjectStore(t *testing.T) {
	t.Setenv(accessKeyVariable, "")
	t.Setenv(secretKeyVariable, "from the environment")
	file := filepath.Join(t.TempDir(), "access")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := s3Settings{Endpoint: "https://host", Bucket: "liaison", AccessKeyFile: file}
	cfg, err := whole.config()
	if err != nil || cfg.AccessKey != "from a file" || cfg.SecretKey != "from the environment" || !cfg.Set() {
		t.Errorf("%+v, %v", cfg, err)
	}
	if cfg, err := (s3Settings{}).config(); err != nil || cfg.Set() {
		t.Errorf("nothing named: %+v, %v", cfg, err)
	}
	for want, s := range map[string]s3Settings{
		"LIAISON_S3_ENDPOINT":        {Bucket: "liaison"},
		"LIAISON_S3_BUCKET":          {Endpoint: "https://host", AccessKeyFile: file},
		"LIAISON_S3_ACCESS_KEY_FILE": {Endpoint: "https://host", Bucket: "liaison"},
		"LIAISON_S3_SECRET_KEY_FILE": {Endpoint: "https://host", Bucket: "liaison", AccessKeyFile: file, SecretKeyFile: "/nowhere"},
	} {
		if _, err := s.config(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want a word of %s", s, err, want)
		}
	}
}

// What one process says to another is what that one understands.
func TestANodeOfAClusterIsToldOfTheObjectStore(t *testing.T) {
	cfg := objects.Config{Endpoint: "unix:///s", Bucket: "liaison", Region: "r", AccessKey: "a", SecretKey: "s", Files: "/f"}
	for _, pair := range s3Environment(cfg) {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	told := s3Settings{
		Endpoint: os.Getenv("LIAISON_S3_ENDPOINT"), Bucket: os.Getenv("LIAISON_S3_BUCKET"), Region: os.Getenv("LIAISON_S3_REGION"),
		Files: os.Getenv("LIAISON_S3_FILES"),
	}
	if got, err := told.config(); err != nil || got != cfg {
		t.Errorf("%+v, %v", got, err)
	}
}

// A node exports its journal to its directory and its bucket, and the command verifies it from either.
func TestTheJournalOfANodeIsInBothPlaces(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	gp := w.Hire("medecin", access.Profession{System: "TRE_G15", Code: "10"})
	w.Open("MARCILLAC", gp)
	cfg := node.Config{
		DatabaseURL: w.DB.URL, OwnerURL: w.DB.OwnerURL, KeysURL: w.DB.KeysURL, MasterKeyFile: w.MasterKey, Listen: "127.0.0.1:0",
		AllowNoFsync: true, JournalDir: t.TempDir(), S3: storagetest.S3(t),
	}
	n, err := node.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	key, err := publicKey(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"", inBucket, cfg.JournalDir} {
		untilExported(t, func() (audit.Report, error) {
			exported, err := auditVerifyCmd{Exports: where}.exported(t.Context(), prepared{Config: cfg})
			if err != nil {
				return audit.Report{}, err
			}
			return audit.Verify(t.Context(), audit.Database(w.DB.DB.Pool), exported, key)
		})
	}
	if _, err := (auditVerifyCmd{Exports: inBucket}).exported(t.Context(), prepared{}); err == nil {
		t.Error("verified from a bucket that nobody named")
	}
	if err := n.Objects.Ready(t.Context()); err != nil || n.Objects.Name() != cfg.S3.Bucket {
		t.Errorf("the node's bucket: %s, %v", n.Objects.Name(), err)
	}
}

// untilExported waits for blocks that are sealed, exported and whole.
func untilExported(t *testing.T, verify func() (audit.Report, error)) {
	t.Helper()
	tick, late := time.NewTicker(20*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for {
		r, err := verify()
		if err != nil || r.Problem != nil {
			t.Fatalf("%+v, %v", r.Problem, err)
		}
		if r.Lines > 0 && r.Blocks > r.Unexported {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("nothing was exported: %+v", r)
		}
	}
}
