#!/usr/bin/env bash
# mutate.sh PATCH...: each patch breaks an invariant on purpose, and the test it names must notice. Above its diff a
# patch has a line "Test: go test ./chat -run '^TestName$'" (any command); the rest of the text says what is broken.
# The patches are applied to the last commit, two at a time, each in a worktree of its own.
set -euo pipefail
lanes=2 # a patch is half building and half waiting for a database
export top=$(git rev-parse --show-toplevel)
export work=$top/tmp/mutate # always the same place, so that Go's build cache serves again
clear() {
  for tree in "$work"/tree-*; do git -C "$top" worktree remove --force "$tree" 2>/dev/null || true; done
  rm -rf "$work"
  git -C "$top" worktree prune
}
clear
trap clear EXIT
mkdir -p "$work/green"
for lane in $(seq 0 $((lanes - 1))); do
  tree=$work/tree-$lane
  git -C "$top" worktree add --quiet --detach "$tree" HEAD
  [ ! -d "$top/web/node_modules" ] || ln -s "$top/web/node_modules" "$tree/web/node_modules"
  mkdir -p "$tree/bin"
  [ ! -x "$top/bin/versitygw" ] || ln -s "$top/bin/versitygw" "$tree/bin/versitygw"
  cp -r "$top/web/dist/." "$tree/web/dist/"
done
printf '%s\0' "$@" | xargs -0 -n 1 -P "$lanes" --process-slot-var=lane "$top/tools/mutate-one.sh"
