# schedd and schedctl. `make` alone lists what can be made.

MODULE   := github.com/agentic-sdlc/scheduler
PREFIX   ?= /usr/local
BIN      := bin
FUZZTIME ?= 30s
BENCH    ?= .
PKG      ?= ./...

# The stamp: the nearest tag, the commit and its date; the fallback is in internal/build.
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT   ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
DATE     ?= $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
LDFLAGS  := -s -w \
	-X $(MODULE)/internal/build.Version=$(VERSION) \
	-X $(MODULE)/internal/build.Commit=$(COMMIT) \
	-X $(MODULE)/internal/build.Date=$(DATE)

# Tests that hold servers, nodes and whole machines to instants: they have the machine
# for themselves, and their daemons are built as they are shipped. The seed of chaos is
# fixed here; `make accept` tries a random one as well, and `make chaos` for half an hour.
TIMED := ^(TestCompletionIsQuick|TestFair|TestChaos|TestChaosOneNode|TestServersFail|TestNodesRace|TestZombie|TestFlood|TestExample[A-Z].*|TestEventsOverRedis|TestCanaries)$$

TIMED_RUN = SCHEDD_CHAOS_SEED=$${SCHEDD_CHAOS_SEED:-1} scripts/test.sh -timeout 20m -p 1 -run '$(TIMED)' $(PKG)

# SQLite and its C library are C in the words of Go, which has locks of its own; to watch
# each of their accesses as well takes four times as long and says nothing about ours.
RACE := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc/...=-race=false

STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

.DEFAULT_GOAL := help

##@ Use

.PHONY: build
build: ## Build schedd and schedctl into bin/ (static, stamped)
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/schedd ./cmd/schedctl

.PHONY: man
man: ## Write the man pages into bin/man
	go run ./internal/gendocs man $(BIN)/man
	@if command -v mandoc >/dev/null 2>&1; then mandoc -T lint -W warning $(BIN)/man/*.1; fi

.PHONY: install
install: build man ## Install programs, man pages, completions, unit files and sample configuration under PREFIX (DESTDIR is honoured)
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh

.PHONY: demo
demo: build ## Show the scheduler at work: temporary folder, no root, no server
	scripts/demo.sh

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BIN) coverage.out coverage.html

##@ Check

.PHONY: servers
servers: ## Install PostgreSQL and Redis where they are missing and apt-get may be used
	scripts/servers.sh

.PHONY: test
test: servers ## Run every test, with the race detector but for those that measure time (PKG=./daemon/... narrows it)
	scripts/test.sh $(RACE) -timeout 40m -skip '$(TIMED)' $(PKG)
	$(TIMED_RUN)

.PHONY: test-short
test-short: servers ## Run all but the long tests, without the race detector
	SCHEDD_SIM_HOURS=2 scripts/test.sh -timeout 10m -skip '$(TIMED)|^TestKill$$' $(PKG)

.PHONY: accept
accept: build ## Try the built programs from outside, the way an operator would
	scripts/accept.sh

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (30s)
	scripts/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## Measure against peers and bars and print the table (BENCHFLAGS=-quick for a short look)
	cd bench && go run . $(or $(BENCHFLAGS),-all)

.PHONY: bench-compare
bench-compare: servers ## Measure PostgreSQL and Redis against River and asynq in one run (BENCHFLAGS=-quick for a short look)
	cd bench && go run . -compare $(or $(BENCHFLAGS),-all)

.PHONY: microbench
microbench: ## Run the Go benchmarks (BENCH=regexp, PKG=./store/...)
	go test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG)

.PHONY: chaos
chaos: ## Break two nodes and all that they share for half an hour; writes docs/chaos-report.md (CHAOS_SECONDS=1800)
	rm -f docs/chaos-report.md
	SCHEDD_CHAOS_SECONDS=$(or $(CHAOS_SECONDS),1800) SCHEDD_CHAOS_REPORT='$(CURDIR)/docs/chaos-report.md' \
		go test ./internal/chaos -run 'TestChaos$$' -v -timeout 3h

.PHONY: chaos-mutants
chaos-mutants: ## Show that the chaos tests catch builds with a fault on purpose
	go test -tags mutants ./internal/chaos -run TestMutants -v -timeout 2h

.PHONY: canary
canary: servers ## Let secrets in everywhere and search all that is left for them, in every format; then in a build that leaks
	SCHEDD_CANARY_FORMATS=table,wide,json,yaml,ndjson,csv,markdown go test -tags mutants ./internal/canary -count=1 -v -timeout 20m

.PHONY: upgrade-test
upgrade-test: servers ## Run the build before the newest schema beside this one, upgrade node by node, under faults
	go test -tags upgrade ./internal/chaos -run TestUpgrade -count=1 -v -timeout 20m

.PHONY: cover
cover: ## Write coverage.html
	go test -coverprofile=coverage.out -coverpkg=./... ./...
	go tool cover -html=coverage.out -o coverage.html

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, tidy go.mod, the import table, shell scripts
	STATICCHECK='$(STATICCHECK)' scripts/lint.sh

.PHONY: fmt
fmt: ## Format every Go file
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

.PHONY: generate
generate: ## Write what is generated: completions, the reference of schedctl
	scripts/generate.sh .

.PHONY: completions
completions: generate ## The same

.PHONY: check-generated
check-generated: ## Fail when something generated is stale
	scripts/check-generated.sh

.PHONY: check
check: lint test check-generated ## What continuous integration runs: lint, tests, freshness

##@ Help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
