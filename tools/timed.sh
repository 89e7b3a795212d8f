#!/usr/bin/env bash
# timed.sh NAME COMMAND...: runs it and prints the seconds it took.
set -uo pipefail
name=$1
shift
SECONDS=0
"$@"
code=$?
if [ $code -eq 0 ]; then echo "== $name: passed in $SECONDS s"; else echo "== $name: FAILED ($code) after $SECONDS s"; fi
exit $code
