#!/usr/bin/env bash
# packages.sh NAME[=PROGRAM]...: installs the Debian packages whose program (of the same name, unless said) is missing, with
# root or sudo; otherwise says which they are.
set -euo pipefail
PATH=$PATH:/usr/sbin # of daemons, for who is not root
missing=()
for name in "$@"; do command -v "${name#*=}" >/dev/null || missing+=("${name%%=*}"); done
[ ${#missing[@]} -gt 0 ] || exit 0

refuse() { echo "liaison: missing: ${missing[*]}. $1" >&2; exit 1; }
command -v apt-get >/dev/null || refuse "Install them with your system's package manager, then try again."
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || refuse "As root: apt-get install ${missing[*]}"
  sudo=(sudo -n)
fi

# A Redis that the package starts by itself would take port 6379: services stay off during the installation.
policy=/usr/sbin/policy-rc.d
log=$(mktemp)
written=
finish() {
  [ -z "$written" ] || "${sudo[@]}" rm -f "$policy"
  rm -f "$log"
}
trap finish EXIT
if [ ! -e "$policy" ]; then
  written=yes
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
  "${sudo[@]}" chmod 755 "$policy"
fi
install() {
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null
}
echo "installing ${missing[*]} for the tests (their services stay off)"
install || { "${sudo[@]}" apt-get update >/dev/null 2>&1 && install; } || { tail -n 15 "$log" >&2; refuse "apt-get could not install them."; }
