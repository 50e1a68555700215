#!/usr/bin/env bash
# Format, lint, types and import contracts.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
ruff format --check --quiet . || { ruff format --check . | tail -20; exit 1; }
ruff check --quiet .
mypy
lint-imports >/tmp/ganying-imports.$$ || { cat /tmp/ganying-imports.$$; rm -f /tmp/ganying-imports.$$; exit 1; }
rm -f /tmp/ganying-imports.$$
