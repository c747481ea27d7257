#!/bin/sh
# Makes sure that the programs the tests drive are there: a real Chromium, a real PostgreSQL, xmlsec1 as an independent judge
# of signatures, certutil to have Chromium trust an authority, and PHP, which most French shops are written in. Uses what is installed, or asks the system's package manager.
set -eu

missing=""
need() { # package, then the places or names where its program may be
    package=$1
    shift
    for place in "$@"; do
        if [ -n "$place" ] && { command -v "$place" >/dev/null 2>&1 || [ -x "$place" ]; }; then
            return
        fi
    done
    missing="$missing $package"
}

need chromium "${CHROMIUM:-}" chromium chromium-browser google-chrome
# shellcheck disable=SC2046 # one place for each installed release
need postgresql initdb $(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null || true)
need xmlsec1 xmlsec1
need libnss3-tools certutil
need php-cli php

if [ -z "$missing" ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need these programs:$missing. Install them, or name Chromium in the environment variable CHROMIUM." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo"; fi
echo "installing for the tests:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
