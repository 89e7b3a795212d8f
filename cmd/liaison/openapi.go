package main

import (
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
	_, err = os.Stdout.Write(append(api.OpenAPI(), '\n'))
	return err
}
