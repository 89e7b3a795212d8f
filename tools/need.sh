#!/usr/bin/env bash
# need.sh: says what is missing of the few programs that must be on the machine.
set -uo pipefail
missing=0
need() { # program, what to install
  command -v "$1" >/dev/null || { echo "liaison: $1 was not found; install $2" >&2; missing=1; }
}
need go "Go 1.26 or newer"
need gcc "gcc (for the race detector and cgo)"
need node "Node.js 20.19 or newer"
need npm "npm, which comes with Node.js"
[ $missing -eq 0 ] || exit 1
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  { echo "liaison: Node.js 20.19 or newer is needed, this is $(node --version)" >&2; exit 1; }
