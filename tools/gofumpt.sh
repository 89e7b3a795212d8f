#!/usr/bin/env bash
# gofumpt.sh: fails when a Go file of the project is not formatted.
set -euo pipefail
bad=$(go list -e -f '{{.Dir}}' ./... | while read -r dir; do printf '%s\0' "$dir"/*.go; done |
  xargs -0 go tool -modfile=tools/go.mod gofumpt -l)
[ -z "$bad" ] || { printf 'not formatted (go tool -modfile=tools/go.mod gofumpt -w FILE):\n%s\n' "$bad"; exit 1; }
