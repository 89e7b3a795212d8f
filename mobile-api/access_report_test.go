package mobileapi_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"liaison/mobile-api/apitest"
)

var stream = regexp.MustCompile(`(?s)stream\r?\n(.*?)\r?\nendstream`)

// drawn is what a PDF's pages hold, unpacked.
func drawn(raw []byte) string {
	var out strings.Builder
	for _, found := range stream.FindAllSubmatch(raw, -1) {
		r, err := zlib.NewReader(bytes.NewReader(found[1]))
		if err != nil {
			continue
		}
		page, _ := io.ReadAll(r)
		out.Write(page)
	}
	return out.String()
}

// glyphs is a word as those pages write it.
func glyphs(word string) string {
	var out []byte
	for _, code := range utf16.Encode([]rune(word)) {
		out = binary.BigEndian.AppendUint16(out, code)
	}
	return string(out)
}

func TestTheHistoryOfAccessesLeavesAsAPDF(t *testing.T) {
	w := newCircle(t)
	leading(t, w, w.nurse)
	path := "/teams/" + w.ID.String() + "/journal.pdf"
	refused(t, w.doctor.Send("GET", path, nil, nil), 403, "forbidden")
	refused(t, w.stranger.Send("GET", path, nil, nil), 404, "not_found")
	w.Exec("update professionals set given_name = 'Zoë 🩺 Œuvre' where id = $1", w.help.Person)
	for range 60 { // so many that they take several pages
		answered(t, w.help.Send("GET", "/teams/"+w.ID.String(), nil, nil), 200)
	}
	got := answered(t, w.nurse.Send("GET", path, nil, nil), 200)
	if !bytes.HasPrefix(got.Raw, []byte("%PDF-")) || got.Header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("got %.20q as %s", got.Raw, got.Header.Get("Content-Type"))
	}
	if name := got.Header.Get("Content-Disposition"); !strings.HasPrefix(name, `attachment; filename="historique-des-acces-2`) {
		t.Errorf("named %s", name)
	}
	if pages := bytes.Count(got.Raw, []byte("/Type /Page\n")); pages < 2 {
		t.Errorf("%d pages", pages)
	}
	text := drawn(got.Raw)
	for _, word := range []string{"Historique", "DUFOUR", "baudry", "diallo", "Œuvre", "dossier"} {
		if !strings.Contains(text, glyphs(word)) {
			t.Errorf("%s is not drawn", word)
		}
	}
	if n := w.Journalled(w.nurse.Person, "journal.export", "done"); n != 1 {
		t.Errorf("journalled %d times", n)
	}
	english := answered(t, w.nurse.Send("GET", path+"?kind=refused", nil, http.Header{"Accept-Language": {"en"}}), 200)
	if text := drawn(english.Raw); !strings.Contains(text, glyphs("History")) || strings.Contains(text, glyphs("diallo")) {
		t.Error("not in English, or not filtered")
	}
	none := answered(t, w.nurse.Send("GET", path+"?person="+apitest.NewID().String(), nil, nil), 200)
	if !strings.Contains(drawn(none.Raw), glyphs("Aucun")) {
		t.Error("an empty one does not say so")
	}
}
