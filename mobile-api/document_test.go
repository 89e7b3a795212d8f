package mobileapi

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// The web client's types are made from web/openapi.json: after a change of the API, `bin/liaison openapi > web/openapi.json`
// and `npm run types` in web bring them along.
func TestTheWebClientsDocumentIsThisOne(t *testing.T) {
	t.Parallel()
	api, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../web/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var now bytes.Buffer
	if err := json.Indent(&now, api.OpenAPI(), "", " "); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(kept), bytes.TrimSpace(now.Bytes())) {
		t.Error("web/openapi.json is not what the API says of itself")
	}
}
