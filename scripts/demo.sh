#!/bin/sh
# demo.sh PROGRAM PORT STATE: the demonstration, with what stands for FranceConnect two ports above it. Ends both together.
set -eu
cd "$(dirname "$0")/.."
program=$1 port=$2 state=$3
provider_port=$((port + 2))
secret=build/franceconnect-demo.secret
[ -s "$secret" ] || (umask 077; head -c 32 /dev/urandom | base64 | tr -d '+/=\n' >"$secret")

scripts/node dev/franceconnect/main.mjs --port "$provider_port" --client-id isoloir --client-name "Portail élections (démonstration)" \
  --secret-file "$secret" --redirect-uri "http://localhost:$port/franceconnect/retour" \
  --post-logout-uri "http://localhost:$port/franceconnect/fin" &
provider=$!
trap 'kill $provider 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

"$program" demo --port "$port" --state "$state" --beside portals/legislative \
  --franceconnect "http://127.0.0.1:$provider_port/api/v2" --franceconnect-secret "$secret"
