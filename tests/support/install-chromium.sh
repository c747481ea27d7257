#!/bin/sh
# Makes sure that a Chromium is there for the browser tests: uses the installed one, or asks the system's package manager.
set -eu
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo"; fi
if command -v apt-get >/dev/null 2>&1; then
    echo "installing Chromium for the browser tests"
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null
    exit 0
fi
echo "The browser tests need Chromium: install it, or name it in the environment variable CHROMIUM." >&2
exit 1
