#!/usr/bin/env bash
# versitygw.sh FILE: builds the S3 gateway that tools/versitygw/go.mod pins. Once: Go's cache and FILE itself keep it.
set -euo pipefail
cd "$(dirname "$0")/.."
echo 'S3 gateway (versitygw): building it once; with an empty cache this takes two to three minutes on two cores'
SECONDS=0
mkdir -p "$(dirname "$1")"
go build -C tools/versitygw -ldflags='-s -w' -o "$PWD/$1.part" github.com/versity/versitygw/cmd/versitygw
mv "$1.part" "$1"
echo "S3 gateway (versitygw): built in $SECONDS s"
