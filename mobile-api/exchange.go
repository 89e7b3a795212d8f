package mobileapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"liaison/access"
)

// exchange is what is known of one request while it is answered.
type exchange struct {
	api     *API
	request *http.Request
	id      string
	address string
	actor   access.Actor
}

type exchangeKey struct{}

func newExchange(a *API, r *http.Request) *exchange {
	var id [8]byte
	rand.Read(id[:])
	return &exchange{api: a, id: hex.EncodeToString(id[:]), address: a.addressOf(r)}
}

func withExchange(r *http.Request, x *exchange) *http.Request {
	x.request = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	return x.request
}

// exchangeIn gives the request's exchange; outside of one, an empty one in French.
func exchangeIn(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{request: &http.Request{Header: http.Header{}}}
}

// actorIn is who was authenticated for this request.
func actorIn(ctx context.Context) access.Actor { return exchangeIn(ctx).actor }

func langIn(ctx context.Context) string { return languageOf(exchangeIn(ctx).request) }
