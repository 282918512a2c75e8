# make demo      what a newcomer runs: a whole election on http://localhost:8080
# make test      every suite once: the browser's on the release build, all others under the sanitizers
# make test-all  every suite in release, under the sanitizers and with clang, then clang-tidy and the fuzzers
# make format    lays out the C++ sources
PORT ?= 8080
STATE ?= demo-state
FUZZ_SECONDS ?= 60

JOBS := $(shell nproc)
# One more test than cores: some wait for a closing hour or for a disk.
CTEST := ctest --output-on-failure --no-tests=error -j$(shell expr $(JOBS) + 1)
export ASAN_OPTIONS := detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS := print_stacktrace=1

PRESETS := release asan tsan clang fuzz
BUILDS := $(PRESETS:%=build-%)
CTESTS := $(PRESETS:%=ctest-%)

.PHONY: demo test test-all setup-build setup-test setup-all $(BUILDS) $(CTESTS)
.PHONY: program frontend browser tidy fuzz format clean
.NOTPARALLEL:

demo: setup-build program
	build/release/isoloir demo --port $(PORT) --state $(STATE) --beside portals/legislative

test: setup-test ctest-asan frontend browser

test-all: setup-all ctest-release ctest-asan frontend browser ctest-tsan ctest-clang tidy fuzz

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

browser: program
	npm run --silent test:browser

tidy: build-clang
	git ls-files 'src/*.cpp' | xargs -P $(JOBS) -n 4 clang-tidy-14 --quiet -p build/clang

fuzz: build-fuzz
	scripts/fuzz.sh build/fuzz $(FUZZ_SECONDS)

format:
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 -i

clean:
	rm -rf build
