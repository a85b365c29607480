# Packtrace. `make` alone lists what there is.
# Everything runs in .venv, from the versions in the two lock files; nothing else on the machine changes,
# but for the packages that `make test` says it installs.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test drill fuzz look firefox lint bench memory lock clean pictures
SHELL := /bin/bash

BIN := .venv/bin
# A Python that can make a virtual environment; Debian keeps that part in a package of its own.
PYTHONS := python3.13 python3.12 python3.11 python3
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
MAKES_VENV := import ensurepip, venv; $(FITS)
PYTHON ?= $(shell for p in $(PYTHONS); do $$p -Ic '$(MAKES_VENV)' 2>/dev/null && echo $$p && break; done)

DEMO_HOME ?= demo-home
DEMO_ARGS ?=
PYTEST_ARGS ?=
# Tests in a browser mostly wait: two processes at least, and never more than a node each can bear.
TEST_JOBS ?= 3
FUZZ ?= 50000
LOCK_ARGS ?=
BENCH_ARGS ?=
UV_VERSION := 0.13.9
PIP := $(BIN)/pip --disable-pip-version-check --no-input -q

# Programs that only some tests need: command, and what Debian calls the package.
TEST_TOOLS := go:golang-go node:nodejs npm:npm java:default-jdk-headless strace:strace curl:curl openssl:openssl \
	certutil:libnss3-tools \
	chromium:chromium
# Go libraries and fonts are folders, not commands.
TEST_FOLDERS := /usr/share/gocode/src/golang.org/x/mod:golang-golang-x-mod-dev \
	/usr/share/fonts/truetype/droid:fonts-droid-fallback

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/runtime.stamp .venv/vendor.stamp ## load the sample batches, verify them, and serve pages and API (DEMO_ARGS=--no-serve)
	@if [ -e "$(DEMO_HOME)" ]; then \
	  if [ "$(DEMO_HOME)" != demo-home ]; then \
	    echo "DEMO_HOME: expected nothing there yet, got $(DEMO_HOME): remove it, or name another" >&2; exit 2; \
	  fi; \
	  old=demo-home.old; n=1; while [ -e "$$old" ]; do n=$$((n + 1)); old=demo-home.old$$n; done; \
	  mv demo-home "$$old"; echo "what was in demo-home is now in $$old"; \
	fi
	$(BIN)/packtrace demo --home "$(DEMO_HOME)" $(DEMO_ARGS)

test: .venv/test.stamp ## install what the tests need, and run them (PYTEST_ARGS=...)
	@missing=(); absent=(); \
	for pair in $(TEST_TOOLS); do command -v "$${pair%%:*}" >/dev/null || missing+=("$${pair#*:}"); done; \
	for pair in $(TEST_FOLDERS); do [ -d "$${pair%%:*}" ] || missing+=("$${pair#*:}"); done; \
	if [ $${#missing[@]} -gt 0 ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing for the tests: $${missing[*]}"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  { apt-get -qq update; apt-get -qq install -y --no-install-recommends "$${missing[@]}"; } >/dev/null \
	    || absent=("$${missing[@]}"); \
	else absent=("$${missing[@]}"); fi; \
	$(MAKE) --no-print-directory .venv/vendor.stamp; \
	status=0; $(BIN)/pytest -n $(TEST_JOBS) --dist loadfile $(PYTEST_ARGS) || status=$$?; \
	[ $${#absent[@]} -eq 0 ] || echo "left out, as this machine lacks them: tests that need $${absent[*]}"; \
	exit $$status

drill: .venv/test.stamp ## the long forms of tests that have one: the model of the life cycle, kills and faults
	PACKTRACE_MODEL_ROUNDS=40 PACKTRACE_KILLS=300 PACKTRACE_FAULTS=216 \
	  $(BIN)/pytest tests/trace/model tests/ledger/test_processes.py tests/ledger/test_faults.py $(PYTEST_ARGS)

fuzz: .venv/test.stamp ## send 50,000 requests that nobody would think of to a node on this machine (FUZZ=...)
	PACKTRACE_FUZZ=$(FUZZ) $(BIN)/pytest tests/web/test_fuzz.py tests/web/test_corpus.py $(PYTEST_ARGS)

pictures: .venv/test.stamp .venv/vendor.stamp ## take pictures of every page on a phone, in both languages and all looks
	PACKTRACE_PICTURES=$(or $(PICTURES),pictures) $(BIN)/pytest tests/browser/pictures.py $(PYTEST_ARGS)

look: .venv/test.stamp .venv/vendor.stamp .venv/look.stamp ## let Lighthouse judge the passport and the scan page
	PACKTRACE_LOOK=.venv/look $(BIN)/pytest -s tests/look/lighthouse.py $(PYTEST_ARGS)

firefox: .venv/test.stamp .venv/vendor.stamp .venv/look.stamp ## sign and scan in Firefox (firefox-esr)
	PACKTRACE_LOOK=.venv/look $(BIN)/pytest -s tests/look/firefox.py $(PYTEST_ARGS)

lint: .venv/test.stamp ## check style and types
	$(BIN)/ruff check
	$(BIN)/mypy

bench: .venv/runtime.stamp ## measure recording and auditing in signatures of this machine (BENCH_ARGS=--json)
	$(BIN)/packtrace bench $(BENCH_ARGS)

memory: .venv/runtime.stamp ## verify 200,000 events, and fail if that takes more than 128 MiB
	$(BIN)/packtrace bench --events 200000 --memory 128

lock: .venv/runtime.stamp ## write the lock files anew from pyproject.toml (LOCK_ARGS=--upgrade for newer versions)
	$(PIP) install "uv==$(UV_VERSION)"
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra test --constraint requirements.lock --output-file requirements-test.lock

LOCK = $(BIN)/uv pip compile -q pyproject.toml --group build --universal --python-version 3.11 \
	--generate-hashes --no-annotate --custom-compile-command "make lock" $(LOCK_ARGS)

clean: ## remove what make has made
	rm -rf -- .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis demo-home $(VENDOR) web/vendor/node_modules pictures

.venv/made.stamp:
	@if [ -z "$(PYTHON)" ]; then \
	  for p in $(PYTHONS); do \
	    if $$p -Ic '$(FITS)' 2>/dev/null; then \
	      echo "$$p can't make a virtual environment: install python3-venv (apt-get install python3-venv)" >&2; \
	      exit 1; \
	    fi; \
	  done; \
	  echo "Python 3.11, 3.12 or 3.13 is needed and none was found: apt-get install python3 python3-venv" >&2; \
	  exit 1; \
	fi
	$(PYTHON) -Im venv .venv
	mkdir -p .venv/types && ln -sfn ../.. .venv/types/packtrace
	touch $@

.venv/runtime.stamp: .venv/made.stamp requirements.lock pyproject.toml
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

# What pages load of others: without it they do without, and say so.
VENDOR := web/static/vendor
WITHOUT := pages read codes without zxing-wasm, and draw none without a network
.venv/vendor.stamp: .venv/made.stamp web/vendor/package.json web/vendor/package-lock.json
	@if ! command -v npm >/dev/null; then echo "npm is not here: $(WITHOUT)"; \
	elif ! (cd web/vendor && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); then \
	  echo "npm could not fetch what pages load of others: $(WITHOUT)"; \
	else \
	  set -e; rm -rf -- $(VENDOR); mkdir -p $(VENDOR)/zxing-wasm $(VENDOR)/uqr; \
	  cd web/vendor/node_modules; \
	  cp zxing-wasm/dist/iife/reader/index.js ../../../$(VENDOR)/zxing-wasm/reader.js; \
	  cp zxing-wasm/dist/reader/zxing_reader.wasm zxing-wasm/LICENSE ../../../$(VENDOR)/zxing-wasm/; \
	  cp uqr/dist/index.mjs ../../../$(VENDOR)/uqr/index.js; \
	  cp uqr/LICENSE ../../../$(VENDOR)/uqr/; \
	  cd ../../..; touch $@; \
	fi

# Lighthouse, and what drives Firefox; no test needs them.
.venv/look.stamp: .venv/made.stamp tests/look/package.json tests/look/package-lock.json
	mkdir -p .venv/look && cp tests/look/package.json tests/look/package-lock.json .venv/look/
	cd .venv/look && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

.venv/test.stamp: .venv/runtime.stamp requirements-test.lock
	$(PIP) install --require-hashes -r requirements-test.lock
	touch $@
