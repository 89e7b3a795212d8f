# What a developer asks of this project. `make` alone prints the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: parts prove help run run-cluster test test-go test-web test-e2e bench mutate build web check clean need

WEB_SOURCES := $(shell find web/src web/public web/scripts web/index.html web/package.json web/*.ts web/*.js -type f 2>/dev/null)
GOTOOL := go tool -modfile=tools/go.mod

help:
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target says; do \
		printf '  make %-12s %s\n' "$$target" "$$says"; done

run: build ## build and start everything with the demo, on http://127.0.0.1:8080
	@exec bin/liaison demo

run-cluster: build ## three nodes on ports 8080 to 8082 over one PostgreSQL and one Redis
	@tools/packages.sh redis-server
	@exec bin/liaison cluster

build: parts ## build bin/liaison, web client included, and bin/versitygw, the S3 gateway
	@go build -o bin/liaison ./cmd/liaison

# Two at a time: the first build of the gateway takes as long as everything else together.
parts: need
	@$(MAKE) -j2 web/dist/index.html bin/versitygw

test: need web/node_modules/.installed ## all tests: Go with -race, web unit tests, end to end in Chromium
	@tools/packages.sh redis-server chromium clamav-daemon=clamd
	@tools/timed.sh 'build' $(MAKE) build
	@tools/timed.sh 'Go tests' $(MAKE) test-go
	@tools/timed.sh 'web unit tests' $(MAKE) test-web
	@tools/timed.sh 'end-to-end tests' $(MAKE) test-e2e

test-go: bin/versitygw ## the Go tests alone; LIAISON_LONG=1 for their long form
	@go test -race -timeout 60m ./...

prove: ## the long form of the property test: 200 random worlds through every face of two nodes, against the model
	@LIAISON_LONG=1 go test -race -count=1 -timeout 60m ./proof

test-web: web/dist/index.html ## the web unit tests alone, and the size of the first view
	@cd web && npm test && npm run --silent size

test-e2e: build ## the end-to-end tests alone
	@cd web && npm run e2e --if-present

bench: build ## measure this machine: posts, deliveries, memory, documents, pages, the journal
	@go build -tags bench_without_journal -o tmp/liaison-without-journal ./cmd/liaison
	@bin/liaison bench --unjournalled tmp/liaison-without-journal

mutate: web/dist/index.html bin/versitygw ## break the code on purpose, patch by patch, and require the named test to fail
	@tools/mutate.sh mutations/*.patch

check: need web/node_modules/.installed ## formatting, vet, staticcheck, svelte-check, layout
	@tools/timed.sh 'gofumpt' tools/gofumpt.sh
	@tools/timed.sh 'go vet' go vet ./...
	@tools/timed.sh 'staticcheck' $(GOTOOL) staticcheck ./...
	@tools/timed.sh 'layout' go test -run '^TestLayout' .
	@tools/timed.sh 'svelte-check' npm --prefix web run check

clean: ## remove what was built and fetched here; the data of the demo stays
	rm -rf bin web/node_modules
	find web/dist -mindepth 1 ! -name .gitkeep -delete

need:
	@tools/need.sh

web/node_modules/.installed: web/package-lock.json web/package.json
	@echo 'web client: fetching its packages with npm (PostgreSQL for the demo among them)'
	@cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	@echo 'web client: building'
	@cd web && npm run --silent build
	@touch $@

bin/versitygw: tools/versitygw/go.mod tools/versitygw/go.sum
	@tools/versitygw.sh $@
