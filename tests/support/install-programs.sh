#!/bin/sh
# Makes sure that the programs the tests drive are there: a real Chromium, a real PostgreSQL, xmlsec1 as an independent judge
# of signatures, certutil to have Chromium trust an authority, npm for the TypeScript client, curl for the documented commands, and
# PHP, which most French shops are written in. Uses what is installed, or asks the system's package manager.
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

# Debian has the same Chromium without the windows around its pages, which takes a third of the time. It is asked for once, and not
# missed where it does not come.
asked=.venv/.asked-for-headless-shell
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && [ ! -e "$asked" ] &&
    ! command -v "${CHROMIUM:-chromium-headless-shell}" >/dev/null 2>&1; then
    : >"$asked"
    timeout 180 sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        chromium-headless-shell" >/dev/null 2>&1 || true
fi

need chromium "${CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome
# Payments are confirmed only by the whole one.
need chromium "${CHROMIUM_WITH_PAYMENTS:-}" chromium chromium-browser google-chrome
# shellcheck disable=SC2046 # one place for each installed release
need postgresql initdb $(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null || true)
need xmlsec1 xmlsec1
need libnss3-tools certutil
need php-cli php
need npm npm
need curl curl
# Cypress draws its windows there.
need xvfb Xvfb
need xauth xauth

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
