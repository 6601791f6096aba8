# The ways to run, test and check Carvetka sync. `make` lists them.
#
# PostgreSQL and RabbitMQ are private ones (scripts/services), unless DATABASE_URL and AMQP_URL name others.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

with_services := scripts/services run --
with_postgres := scripts/services run postgres --
# Where cargo puts programs.
target := $(or $(CARGO_TARGET_DIR),target)
nextest_profile := $(if $(CI),ci,default)

.PHONY: help
help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do \
		printf '  make %-16s %s\n' "$$name" "$$text"; done

.PHONY: programs
programs: ## Build all programs
	@[[ -e $(target)/debug/carvetka ]] || echo "building all programs; the first time this takes some minutes" >&2
	cargo build --workspace --bins

.PHONY: demo
demo: web/dashboard/dist/index.html programs ## Let virtual cars live their lives here, until Ctrl-C or for DEMO_SECONDS
	@$(with_services) cargo run --quiet --bin carvetka -- demo

# Programs and tests in one build, so that cargo settles on one set of features. The tests run the programs.
.PHONY: test
test: ## Run all tests
	cargo build --workspace --bins --tests
	@if cargo nextest --version >/dev/null 2>&1; then \
		$(with_services) cargo nextest run --workspace --profile $(nextest_profile); \
	else \
		$(with_services) cargo test --workspace --lib --bins --tests; \
	fi
	cargo test --workspace --doc --quiet

.PHONY: check
check: pure ## Check format, lints and that the domain is pure
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings

# Alone: among the others, chrono would have the clock that sqlx switches on for everybody.
.PHONY: pure
pure: ## Prove that the domain compiles without clock, input and output
	cargo check -p domain

.PHONY: prepare
prepare: ## Renew .sqlx/, what PostgreSQL says about our queries
	@$(with_postgres) scripts/prepare

.PHONY: prepared
prepared: ## Check that .sqlx/ is up to date
	@$(with_postgres) scripts/prepare --check

.PHONY: fuzz
fuzz: ## Throw bytes at the decoder of webhooks for a minute, or FUZZ_SECONDS (nightly, cargo-fuzz)
	@cargo +nightly --version >/dev/null 2>&1 || \
		{ echo "fuzz: no nightly toolchain: rustup toolchain install nightly" >&2; exit 1; }
	@cargo fuzz --version >/dev/null 2>&1 || \
		{ echo "fuzz: no cargo-fuzz: cargo install cargo-fuzz --locked" >&2; exit 1; }
	mkdir -p fuzz/corpus/webhook
	cargo +nightly fuzz run webhook fuzz/corpus/webhook shared/smartcar/fixtures -- \
		-max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=65536 -timeout=5

.PHONY: api-fuzz
api-fuzz: programs ## Exercise the api by its own description, with invented requests (schemathesis by pip)
	@$(with_services) scripts/schemathesis

.PHONY: client
client: ## Renew the typed client of web/client from the api's own description (npm)
	cargo run --quiet -p api -- --openapi > web/client/openapi.json
	cd web/client && npm ci --no-audit --no-fund && npm run generate

.PHONY: client-test
client-test: ## Check that the client is up to date, compiles, and does what it says (npm)
	cd web/client && npm ci --no-audit --no-fund && npm test

.PHONY: web
web: ## Build the pages of web/dashboard, which the api takes in when it is built next (npm, node 20.19 or later)
	cd web/dashboard && npm ci --no-audit --no-fund && npm run build
	web/dashboard/node_modules/.bin/tsc -p docs/nextjs

.PHONY: web-test
web-test: web programs ## Live a story in a browser at a demo of its own; pictures in target/screenshots (npm, Chromium)
	@$(with_services) npm --prefix web/dashboard test

# What the demo shows in a browser. It goes without where node is absent or too old.
web/dashboard/dist/index.html: $(shell find web/dashboard/src web/dashboard/public web/client/src -type f 2>/dev/null) \
		web/dashboard/index.html web/dashboard/package-lock.json web/dashboard/vite.config.ts
	@cd web/dashboard && npm ci --no-audit --no-fund --silent && npm run --silent build >/dev/null && touch dist/index.html \
		|| echo "without its pages: they take npm, and node 20.19 or later (make web says what is wrong)" >&2

.PHONY: deny
deny: ## Check advisories, licences and sources of all crates (cargo install cargo-deny --locked)
	cargo deny --all-features check

.PHONY: clean-services
clean-services: ## Stop the private servers and remove their data
	@scripts/services destroy
