# make demo      what a newcomer runs: a whole election on http://localhost:8080
# make test      every suite once, the program under the sanitizers
# make test-all  that, every suite in release, under the thread sanitizer and with clang, the journeys on the release
#                build too, then clang-tidy and the fuzzers
# make bench     reports that measure, never a verdict (docs/developer-notes.md)
# make format    lays out the C++ sources
PORT ?= 8080
STATE ?= demo-state
FUZZ_SECONDS ?= 60
REQUESTS ?= 1000
BALLOTS ?= 100000

JOBS := $(shell nproc)
# One more test than cores: some wait for a closing hour or for a disk.
CTEST := ctest --output-on-failure --no-tests=error -j$(shell expr $(JOBS) + 1)
# Half the time without the stacks' uses after return, and with five frames told of an allocation: make test-all looks for them.
export ASAN_OPTIONS := strict_string_checks=1:malloc_context_size=5:detect_stack_use_after_return=0
export UBSAN_OPTIONS := print_stacktrace=1

PRESETS := release asan tsan clang fuzz
BUILDS := $(PRESETS:%=build-%)
CTESTS := $(PRESETS:%=ctest-%)

.PHONY: demo test test-all screenshots setup-build setup-test setup-all $(BUILDS) $(CTESTS)
.PHONY: program frontend verifiers tidy fuzz bench bench-programs format clean
.NOTPARALLEL:

demo: setup-build program
	scripts/demo.sh build/release/isoloir $(PORT) $(STATE)

test: setup-test ctest-asan frontend browser-asan

test-all: export ASAN_OPTIONS := strict_string_checks=1:malloc_context_size=5:detect_stack_use_after_return=1
test-all: setup-all ctest-release verifiers browser-release ctest-asan frontend browser-asan ctest-tsan ctest-clang tidy fuzz bench-programs

setup-build:
	scripts/setup.sh build
setup-test:
	scripts/setup.sh build browser
setup-all:
	scripts/setup.sh build browser tools

# A preset of CMakePresets.json, into build/<preset>.
$(BUILDS): build-%:
	cmake --preset $*
	cmake --build --preset $*

$(CTESTS): ctest-%: build-%
	$(CTEST) --timeout $(if $(filter tsan,$*),1800,600) --test-dir build/$*

program:
	cmake --preset release
	cmake --build --preset release --target isoloir

frontend:
	npm run --silent check
	npm test --silent

# Every good and tampered export before both verifiers; make test takes two of each check.
verifiers: build-release
	scripts/verifiers_agree.sh build/release

# The journeys in Chromium, against the program of a preset.
browser-%: build-%
	ISOLOIR_PROGRAM=build/$*/isoloir npm run --silent test:browser

# The pictures of the portals' tutorials, from the portals as they run now.
tutorials: setup-test program
	TUTORIALS=write scripts/node --test tests/browser/tutorial.test.mjs

# Every page that a journey looks at, at both widths, into build/screenshots/.
screenshots: setup-test program
	ISOLOIR_SCREENSHOTS=1 npm run --silent test:browser

tidy: build-clang
	git ls-files 'src/*.cpp' | xargs -P $(JOBS) -n 4 clang-tidy-14 --quiet -p build/clang

fuzz: build-fuzz
	scripts/fuzz.sh build/fuzz $(FUZZ_SECONDS)

bench-programs:
	cmake --preset release
	cmake --build --preset release --target bench

bench: setup-test bench-programs
	build/release/bench_timings $(REQUESTS)
	build/release/bench_roll
	build/release/bench_outbox
	build/release/bench_ballots
	build/release/bench_windows
	build/release/bench_verification $(BALLOTS)
	scripts/node bench/browser_ballot.mjs
	bench/belenios.sh

format:
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 -i

clean:
	rm -rf build
