#!/bin/sh
# setup.sh SET...: installs what is missing for the named sets of scripts/packages.txt, then the npm packages.
# Nothing is touched, and no network used, when all of it is there.
set -eu
cd "$(dirname "$0")/.."

die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "run as root, or install sudo, so that this can be done: $*"
  fi
}

install_packages() {
  missing=
  for package in "$@"; do
    installed "$package" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "this is not Debian: install the equivalents of:$missing"
  echo "setup: installing$missing"
  as_root apt-get update -qq
  # A program for the tests, which write its configuration: no mail server of this machine's own.
  echo "exim4-config exim4/dc_eximconfig_configtype select no configuration at this time" |
    as_root debconf-set-selections 2>/dev/null || true
  # shellcheck disable=SC2086 # a list of names
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >build/setup.log ||
    die "apt-get failed; its output is in build/setup.log"
}

mkdir -p build
packages=
for set in "$@"; do
  packages="$packages $(sed -n "s/^$set  *\([^ #]*\).*/\1/p" scripts/packages.txt)"
done
# npm brings Debian's own Node, old but able to run npm; npm brings a newer Node when that one is too old (scripts/node).
command -v npm >/dev/null || packages="$packages nodejs npm"
# shellcheck disable=SC2086
install_packages $packages

if ! cmp -s package-lock.json node_modules/.installed-lock; then
  echo "setup: npm ci"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed-lock
fi
