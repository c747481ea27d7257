#!/bin/sh
# Prints the newest Python beyond 3.11 that is at hand and runs: on the path, or as pyenv keeps them. Nothing where there is none.
for version in 3.14 3.13 3.12; do
    for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python; do
        if "$python" -c "import ssl, sqlite3, venv" >/dev/null 2>&1; then
            command -v "$python"
            exit
        fi
    done
done
