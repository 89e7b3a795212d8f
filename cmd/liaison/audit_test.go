package main

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"liaison/access"
	"liaison/audit"
	"liaison/mobile-api/apitest"
	"liaison/node"
)

// Before the first export there is no directory: nothing to verify is no fault, and a directory that somebody named is there or
// is a mistake.
func TestVerifyBeforeAnythingIsExported(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	w.Open("MARCILLAC", w.Hire("medecin", access.Profession{System: "TRE_G15", Code: "10"}))
	cfg := node.Config{KeysURL: w.DB.KeysURL, MasterKeyFile: w.MasterKey, JournalDir: filepath.Join(t.TempDir(), "journal")}
	key, err := publicKey(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(c auditVerifyCmd) (audit.Report, error) {
		exported, err := c.exported(t.Context(), prepared{Config: cfg})
		if err != nil {
			return audit.Report{}, err
		}
		return audit.Verify(t.Context(), audit.Database(w.DB.DB.Pool), exported, key)
	}
	r, err := verify(auditVerifyCmd{})
	if err != nil || r.Problem != nil || r.Blocks != r.Unexported || r.Lines+r.Unsealed == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := verify(auditVerifyCmd{Exports: cfg.JournalDir}); err == nil {
		t.Errorf("a named directory that is not there: %+v", r)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]audit.Report{
		"Nothing to verify yet: no block is sealed (3 lines": {Unsealed: 3},
		"2 lines in 1 signed blocks checked":                 {Lines: 2, Blocks: 1},
		"The newest 1 blocks are not exported":               {Lines: 2, Blocks: 1, Unexported: 1},
		"5 lines of 2025-01 were removed under retention, stated in block 4": {
			Lines: 2, Blocks: 4, Removed: 5, Months: []audit.Removed{{Block: 4, Month: "2025-01", Lines: 5}},
		},
	} {
		said := verdict(r)
		if !strings.Contains(said, want) || strings.Contains(said, "whole") != (r.Blocks > 0) ||
			strings.Contains(said, "not exported") != (r.Unexported > 0) {
			t.Errorf("%+v: %s", r, said)
		}
	}
}

func TestAJournalKeptTooShortlyStopsTheStart(t *testing.T) {
	t.Parallel()
	for _, months := range []int{-1, 1, audit.LeastMonths - 1} {
		_, err := node.Start(t.Context(), settings{JournalMonths: months}.config(slog.New(slog.DiscardHandler)))
		if !errors.Is(err, audit.ErrRetention) || !strings.Contains(err.Error(), "LIAISON_JOURNAL_MONTHS") {
			t.Errorf("%d: %v", months, err)
		}
	}
}
