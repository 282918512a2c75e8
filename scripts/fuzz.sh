#!/bin/sh
# fuzz.sh BUILD_DIR SECONDS: runs each fuzzer of BUILD_DIR for SECONDS, from the corpus it has gathered so far and the
# seeds of fuzz/seeds/<name>/. A finding stops the run and stays in BUILD_DIR.
set -eu
for fuzzer in "$1"/fuzz_*; do
  [ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
  name=${fuzzer##*/fuzz_}
  corpus=$1/corpus/$name
  mkdir -p "$corpus"
  seeds=fuzz/seeds/$name
  [ -d "$seeds" ] || seeds=
  echo "fuzz: $name for $2 s"
  "$fuzzer" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$1/$name-" "$corpus" $seeds
done
