# One word for each thing a person does with this tree.

PREFIX ?= /usr/local
SEEDS ?= 200
SECONDS ?= 60
SUMMARY := tests passed|tests failed

.PHONY: help demo test test-all http lint check build sim planted bench \
  expr differential asan tsan fuzz gcc fmt install setup ready clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

setup: ## install the packages that are missing (Debian 12)
	@tools/setup

ready:
	@tools/setup --quiet

build: ready ## build everything into build/release
	@test -f build/release/build.ninja || cmake --preset release
	@cmake --build --preset release

demo: ready ## a shop over HTTP, its kills and its books; then try it by hand (ARGS=--exit: not)
	@test -f build/release/build.ninja || cmake --preset release
	@cmake --build --preset release --target demo server_nowthen_program
	@demo/run $(ARGS)

test: build ## build and test everything
	@tools/tidy build/release/lib/libnowthen_core.a
	@ctest --preset release --output-log build/release/ctest.log
	@grep -E '$(SUMMARY)' build/release/ctest.log
	@tools/install_test build/release
	@$(MAKE) --no-print-directory expr lint http planted gcc

expr: build ## expressions: generated programs against jq and gojq, and the fuzzers for 15 s each
	@tests/expr/differential --count 2000
	@test -f build/fuzz/build.ninja || cmake --preset fuzz
	@cmake --build --preset fuzz --target program_fuzz value_fuzz
	@tools/fuzz build/fuzz 15 program value

differential: build ## 100,000 generated programs against jq, gojq and jq-wasm (see NODE_PATH)
	@tests/expr/differential --count 100000 --against jq,gojq,jq-wasm

http: export NOWTHEN_BUILD_DIR := $(CURDIR)/build/release
http: build ## the server over HTTP: scenarios, workers that are killed, fifty kills under load
	@tests/http/run_test.py
	@tests/http/run -j 2
	@tests/http/workers_test.py
	@tests/http/bench_test.py
	@tests/http/demo_test.py
	@demo/books_test.py
	@tests/http/kill_test.py
	@tests/http/metrics_test.py
	@tests/http/logs_test.py
	@tests/http/traces_test.py

lint: ## lint the OpenAPI document, where there is npm
	@tests/http/lint

test-all: test asan tsan ## make test, and the sanitizers

check: build ## formatting, tidy, headers and the fast tests: under two minutes when built
	@git ls-files -co --exclude-standard '*.h' '*.cc' | xargs -r clang-format-19 --dry-run --Werror
	@tools/tidy build/release/lib/libnowthen_core.a
	@cmake --build --preset release --target checkheaders
	@ctest --preset release -L fast

sim: build ## simulate SEEDS histories (default 200)
	@build/release/sim/nowthen-sim --seeds $(SEEDS)

bench: build ## run the benchmarks: in process, over HTTP, and of expressions
	@bench/run
	@bench/run_http
	@bench/run_expr

# A second tree, reduced to what it is for.
define second_tree
	@test -f build/$(1)/build.ninja || cmake --preset $(1)
	@cmake --build --preset $(1) --target $(2)
	@ctest --preset $(1) -L '$(strip $(3))' --output-log build/$(1)/ctest.log
endef

asan: ready ## the fast tests under the address and undefined behaviour sanitizers
	$(call second_tree,asan,fast_tests,fast)

tsan: ready ## the fast tests under the thread sanitizer, without RocksDB
	$(call second_tree,tsan,fast_tests,fast)

fuzz: ready ## every fuzzer for SECONDS (default 60) each, from its seeds in tests/corpus
	@test -f build/fuzz/build.ninja || cmake --preset fuzz
	@cmake --build --preset fuzz --target fuzzers
	@tools/fuzz build/fuzz $(SECONDS)

HISTORIES := sim/nowthen-sim --seeds 100 | cut -d, -f1-3

# Leaks are what make asan looks for; finding them needs rights that not every machine gives.
gcc: export ASAN_OPTIONS := detect_leaks=0
gcc: build ## fast tests, examples, and the histories of clang: with g++ and address sanitizer
	$(call second_tree,gcc,fast_tests examples demo sim_nowthen-sim_program server_nowthen_program,\
	  fast|example|compile)
	@NOWTHEN_BUILD_DIR=build/gcc tests/http/run -j 2
	@here=$$(build/gcc/$(HISTORIES)); echo "$$here"; \
	  test "$$here" = "$$(build/release/$(HISTORIES))" || \
	  { echo "make gcc: not the histories that clang's program has"; exit 1; }

planted: ready ## every planted bug is caught by the simulation
	$(call second_tree,planted,sim_nowthen-sim_program,planted)

fmt: ready ## format the C++ sources
	@git ls-files -co --exclude-standard '*.h' '*.cc' | xargs -r clang-format-19 -i

install: build ## install the library into PREFIX (default /usr/local)
	@cmake --install build/release --prefix $(PREFIX)

clean: ## remove everything that was built
	@rm -rf build
