package main

import (
	"bytes"
	"encoding/json"
	"os"

	mobileapi "liaison/mobile-api"
)

type openAPICmd struct{}

// Run prints the document that web's types are made from; it needs no database.
func (openAPICmd) Run() error {
	api, err := mobileapi.New(mobileapi.Config{})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, api.OpenAPI(), "", " "); err != nil {
		return err
	}
	out.WriteByte('\n')
	_, err = out.WriteTo(os.Stdout)
	return err
}
