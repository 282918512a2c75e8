#!/bin/sh
# verifiers_agree.sh BUILD [CASES_OF_EACH_CHECK]: makes good and tampered exports with the generator in the build folder, into
# its exports/, and fails where the second verifier's verdict on one is not the expected one. That ours is: verification_test.
set -eu
build=$1
root=$(dirname "$0")/..
rm -rf "$build/exports" "$build/exports.new"
"$build/tampered_exports" "$build/exports.new" ${2:+--of-each-check "$2"}
mv "$build/exports.new" "$build/exports"
exec "$root/scripts/node" "$root/verifier/agree.mjs" "$build/exports"
