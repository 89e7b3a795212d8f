#!/usr/bin/env bash
# mutate.sh PATCH...: each patch breaks an invariant on purpose, and the test it names must notice. Above its diff a
# patch has a line "Test: go test ./chat -run '^TestName$'" (any command); the rest of the text says what is broken.
# The patches are applied to the last commit, one after the other, in a worktree of their own.
set -euo pipefail
top=$(git rev-parse --show-toplevel)
tree=$top/tmp/mutate # always the same place, so that Go's build cache serves again
log=$top/tmp/mutate.log
clear() { git -C "$top" worktree remove --force "$tree" 2>/dev/null || rm -rf "$tree"; git -C "$top" worktree prune; }
mkdir -p "$top/tmp"
clear
trap 'clear; rm -f "$log"' EXIT
git -C "$top" worktree add --quiet --detach "$tree" HEAD
[ ! -d "$top/web/node_modules" ] || ln -s "$top/web/node_modules" "$tree/web/node_modules"
mkdir -p "$tree/bin"
[ ! -x "$top/bin/versitygw" ] || ln -s "$top/bin/versitygw" "$tree/bin/versitygw"
cp -r "$top/web/dist/." "$tree/web/dist/"

run() { (cd "$tree" && bash -c "$1") >"$log" 2>&1 </dev/null; }

# green COMMAND: without the patch the test must pass, or its failure would prove nothing. Asked once a command.
declare -A known=()
green() {
  [ -z "${known[$1]:-}" ] || return 0
  run "$1" || { tail -n 30 "$log"; return 1; }
  known[$1]=yes
}

bad=0
for patch in "$@"; do
  [ -e "$patch" ] || { echo "no patches: $patch"; exit 1; }
  name=$(basename "$patch" .patch)
  test=$(sed -nE '/^(diff|---) /q; s/^Test: //p' "$patch")
  SECONDS=0
  if [ -z "$test" ]; then echo "BAD      $name: no line \"Test: \" above the diff"; bad=1; continue; fi
  if ! green "$test"; then echo "BAD      $name: fails without the patch: $test"; bad=1; continue; fi
  if ! git -C "$tree" apply "$(realpath "$patch")"; then echo "BAD      $name: does not apply"; bad=1; continue; fi
  if run "$test"; then
    echo "SURVIVED $name: $test"
    bad=1
  elif grep -qE '^ *--- FAIL: |^ *FAIL  |^panic: ' "$log"; then
    echo "caught   $name ($SECONDS s)"
  else
    echo "BAD      $name: the test did not get to run"; tail -n 15 "$log"; bad=1
  fi
  git -C "$tree" apply -R "$(realpath "$patch")"
done
exit $bad
