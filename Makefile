# One door for every developer command; `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Our own tools first (wasm-opt and sass come from npm), cargo's after the user's.
export PATH := $(CURDIR)/target/tools/bin:$(CURDIR)/end2end/node_modules/.bin:$(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin
# Read when a command starts, since .ci/tools may have just chosen it.
TOOLCHAIN := $(RUSTUP_TOOLCHAIN)
export RUSTUP_TOOLCHAIN = $(or $(shell cat target/tools/toolchain 2>/dev/null),$(TOOLCHAIN))
# Everything below takes target/ to be cargo's folder.
unexport CARGO_TARGET_DIR

# cargo-leptos colours its lines even in a file.
PLAIN := $(if $(MAKE_TERMOUT),,2>&1 | sed $$'s/\e\[[0-9;]*m//g')

# What cargo-leptos sets itself for `make watch`; the finished program is told the same.
AS_BUILT := LEPTOS_ENV=PROD LEPTOS_HASH_FILES=true LEPTOS_SITE_ROOT=target/site LEPTOS_SITE_PKG_DIR=pkg

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- use ---

.PHONY: run
run: build ## build the release and start `pomona demo` on 127.0.0.1:3000; ARGS=--fresh starts its data over
	@exec env $(AS_BUILT) target/release/pomona demo $(ARGS)

.PHONY: clean-data
clean-data: ## throw the demo's data away
	rm -rf pomona-data/demo

# --- build ---

.PHONY: build
build: tools-build ## the release: target/release/pomona and target/site
	@$(MAKE) target/tools/built

.PHONY: tools-build
tools-build:
	@.ci/tools build

.PHONY: tools-test
tools-test:
	@.ci/tools test

SOURCES := $(shell find app server style public \( -name tests -o -name benches -o -name '*.md' \) -prune -o -type f -print | LC_ALL=C sort) \
	$(wildcard Cargo.toml Cargo.lock end2end/package-lock.json)
BUILD_RESULT := target/release/pomona target/release/hash.txt target/site/pkg

# Its time is that of the start, so that a file saved during the build counts as newer.
target/tools/built: $(SOURCES) target/tools/sources $(if $(filter-out $(wildcard $(BUILD_RESULT)),$(BUILD_RESULT)),again)
	@touch $@.new
	@cargo leptos build --release --split --precompress $(PLAIN)
	@mv $@.new $@

# The list of names: a file that is gone makes nothing newer.
target/tools/sources: again
	@mkdir -p $(@D)
	@cmp -s $@ <(printf '%s\n' $(SOURCES)) || printf '%s\n' $(SOURCES) > $@

.PHONY: again
again:

# --- develop ---

# In its own site folder and without hashes, which cargo-leptos only renews in a full build.
.PHONY: watch
watch: tools-build ## build for development, start `pomona demo`, and again at every change
	LEPTOS_HASH_FILES=false LEPTOS_SITE_ROOT=target/watch cargo leptos watch --split -- demo $(ARGS)

.PHONY: fmt
fmt: tools-build ## format the Rust code
	cargo fmt --all

.PHONY: test
test: tools-test ## format, clippy, all tests on SQLite and PostgreSQL, release build, browser tests
	@.ci/test

# With the flag that cargo-leptos builds with: cargo puts the program in the same place.
.PHONY: bench
bench: tools-test build ## measure against the budgets, a line each; ONLY=page.list measures that figure alone
	@RUSTFLAGS='--cfg erase_components' cargo bench --quiet --package server --bench budgets -- $(ONLY)

.PHONY: screens
screens: tools-test build ## pictures of every page, desktop and 390 px, light and dark, in end2end/screens/
	cd end2end && npm run --silent screens
