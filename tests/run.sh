#!/usr/bin/env bash
# All tests. The browser comes from Debian when we are root, else from CHROMIUM or PATH; PostgreSQL from a wheel.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

have_browser() { [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }
have_cjk() { fc-list :lang=zh 2>/dev/null | grep -q .; }

have_sipp() { command -v sipp >/dev/null; }

if ! have_browser || ! have_cjk || ! have_sipp; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig sip-tester >/dev/null
  fi
fi
have_browser || { echo "tests need a browser: install the package chromium, or name one in CHROMIUM" >&2; exit 1; }
have_sipp || echo "the tests of GB/T 28181 against SIPp are left out: install the package sip-tester" >&2
have_cjk || { echo "tests need a Chinese font: install the package fonts-noto-cjk" >&2; exit 1; }

unset PYTHONDONTWRITEBYTECODE # a hundred servers start: without what was compiled once each compiles every file again
lint=$(mktemp)
trap 'rm -f "$lint"' EXIT
nice bash tests/lint.sh >"$lint" 2>&1 & # beside the tests, because the type checker keeps only one core busy
linting=$!
# one process more than cores: four took longer. A test that hangs in the reactor is beyond pytest's own time limit
status=0
timeout -k 10 3000 python -m pytest -m "not soak" -n 3 --dist loadfile --no-loadscope-reorder "$@" tests || status=$?
wait "$linting" || {
  status=1
  cat "$lint"
}
exit "$status"
