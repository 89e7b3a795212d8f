// Package web holds the built web client.
package web

import "embed"

// Dist is the build's folder; it holds only a placeholder until the client is built.
//
//go:embed all:dist
var Dist embed.FS
