#!/usr/bin/env bash
# mutate-one.sh PATCH: one deliberate break, in the worktree of this lane (mutate.sh makes them).
set -euo pipefail
patch=$1 tree=$work/tree-$lane log=$work/log-$lane
[ -e "$patch" ] || { echo "no patches: $patch"; exit 1; }
patch=$(realpath "$patch") name=$(basename "$patch" .patch)
test=$(sed -nE '/^(diff|---) /q; s/^Test: //p' "$patch")

run() { (cd "$tree" && NO_COLOR=1 FORCE_COLOR=0 bash -c "$1") >"$log" 2>&1 </dev/null; }
bad() { echo "BAD      $name: $1"; exit 1; }

# green: without the patch the test must pass, or its failure would prove nothing. Asked once a command.
green() {
  local known=$work/green/$(sha256sum <<<"$test" | cut -c1-16)
  [ ! -e "$known" ] || return 0
  run "$test" || { tail -n 30 "$log"; return 1; }
  touch "$known"
}

[ -n "$test" ] || bad 'no line "Test: " above the diff'
green || bad "fails without the patch: $test"
git -C "$tree" apply "$patch" || bad 'does not apply'
trap 'git -C "$tree" apply -R "$patch"' EXIT
if run "$test"; then
  echo "SURVIVED $name: $test"
  exit 1
elif grep -qE '^ *--- FAIL: |^ *FAIL  |^panic: ' "$log"; then
  echo "caught   $name ($SECONDS s)"
else
  tail -n 15 "$log"
  bad 'the test did not get to run'
fi
