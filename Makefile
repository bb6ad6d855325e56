# For newcomers: `make demo` and `make test`. Each sets up all it needs and asks nothing.

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
DEBIAN := chromium fonts-noto-cjk
POSTGRESQL := /usr/lib/postgresql/15/bin/postgres
PEERS := tests/protocol tests/protocol/peers

.PHONY: demo test setup dev browser postgresql build check types format python-tests phone-tests lock clean

## demo: set everything up, fill a demo district, serve on http://127.0.0.1:8000
demo: setup
	$(BIN)/baijiamen demo --port $(PORT)

## test: set everything up (browser and fonts too) and run every check and test
test: dev build browser postgresql check phone-tests python-tests

## setup: the Python environment and the phone application; afterwards .venv/bin/baijiamen runs
setup: .venv/runtime.stamp build

dev: .venv/dev.stamp pwa/node_modules/.package-lock.json $(PEERS:%=%/node_modules/.package-lock.json)

build: pwa/dist/index.html

.venv/runtime.stamp: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.venv/dev.stamp: requirements-dev.lock .venv/runtime.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

pwa/node_modules/.package-lock.json: pwa/package.json pwa/package-lock.json
	cd pwa && npm ci --no-audit --no-fund
	touch $@

# Other implementations of the protocol, for the tests. Without scripts: what they would compile is a database on disk.
$(PEERS:%=%/node_modules/.package-lock.json): %/node_modules/.package-lock.json: %/package.json %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --ignore-scripts
	touch $@

pwa/dist/index.html: pwa/node_modules/.package-lock.json $(shell find pwa/src pwa/public pwa/index.html pwa/*.ts -type f 2>/dev/null)
	cd pwa && npm run build
	touch $@

## browser: Chromium and Chinese fonts from Debian, when they are missing
browser:
	@dpkg-query -W $(DEBIAN) >/dev/null 2>&1 || \
	  (apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(DEBIAN))

## postgresql: PostgreSQL 15 from Debian, when it is missing; the tests start one of their own
postgresql:
	@test -x $(POSTGRESQL) || \
	  (apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql-15)

## check: lint, format, types, import contracts, and the phone's twins of them
check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd pwa && npm run lint && npm run types

## python-tests: everything under tests/, the browser's included, in two processes, file by file
python-tests: dev build
	$(BIN)/pytest --numprocesses 2 --dist loadfile

## phone-tests: the engine's and the screens' own tests
phone-tests: dev
	cd pwa && npm test

format: dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## lock: write the lock files anew after a change of pyproject.toml (no addresses in them)
lock:
	uv pip compile --quiet pyproject.toml --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile --quiet pyproject.toml --group dev --generate-hashes --no-emit-index-url --no-header -o requirements-dev.lock

clean:
	rm -rf .venv pwa/node_modules pwa/dist $(PEERS:%=%/node_modules)
