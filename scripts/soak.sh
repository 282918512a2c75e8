#!/bin/sh
# Runs the tests that start no program, again and again with other random numbers, and names each
# seed with which one fails: soak.sh BUILD FIRST-SEED LAST-SEED. Again: ISOLOIR_TEST_SEED=<seed>
# BUILD/<module>_test --gtest_filter=<test>.
set -eu
build=$1 seed=$2 last=$3 failed=0
while [ "$seed" -le "$last" ]; do
  ISOLOIR_TEST_SEED=$seed ctest --test-dir "$build" --quiet --output-log "$build/soak-$seed.log" \
    -j"$(nproc)" -E '^(functional|courier|multiexp)\.|TamperedExports|BothVerifiersAgree' || {
    failed=1
    echo "seed $seed:"
    sed -n '/tests FAILED/,$p' "$build/soak-$seed.log"
  }
  seed=$((seed + 1))
done
exit $failed
