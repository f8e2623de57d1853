# keepsql: `make help` lists the targets.

GO          ?= go
VERSION     ?= $(shell cat VERSION 2>/dev/null || git describe --tags --always --dirty 2>/dev/null || echo dev)
STATICCHECK := bin/staticcheck-v0.8.2
FUZZTIME    ?= 30s
RACETIME    ?= 15m
BENCH       ?= .
ROWS        ?=
# The lab measures times, so nothing else runs beside it.
LAB         := ./engine/lab
CHAOS       ?= 1h
OTHERS       = $$($(GO) list ./... | grep -v '/engine/lab$$')
# What runs under the race detector in every test run: the packages with goroutines of their own whose tests need little
# SQLite, which is slow there. `make soak` runs all of them.
RACE        ?= ./conf/watch ./vrrp/... ./engine/wire ./engine/listen ./engine/stats/... ./engine/hostgroup ./engine/rule \
               ./engine/setting ./engine/proxy ./engine/cluster/diffcheck ./engine/cache ./engine/eventlog ./engine/firewall \
               ./engine/prepared ./engine/monitor/... ./engine/health ./engine/scheduler ./engine/restapi

export CGO_ENABLED = 0

.PHONY: build lint test deps race demo lab soak bench microbench clean help
.DEFAULT_GOAL := build

build: ## build bin/keepsql, one static binary
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/keepsql .

lint: $(STATICCHECK) ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(STATICCHECK) ./...

$(STATICCHECK):
	GOBIN='$(CURDIR)/bin' $(GO) install honnef.co/go/tools/cmd/staticcheck@$(subst bin/staticcheck-,,$@)
	mv bin/staticcheck $@

test: deps race build ## all tests; as root it first installs what they need, otherwise it says what is skipped
	$(GO) test -timeout 20m $(OTHERS)
	KEEPSQL_BIN='$(CURDIR)/bin/keepsql' $(GO) test -count=1 -parallel 4 -timeout 10m $(LAB)

deps: # the programs that tests run
	@packaging/test-deps.sh

race: # the packages of RACE under the race detector, which needs a C compiler
	@if command -v cc >/dev/null || command -v gcc >/dev/null; then \
		echo '$(GO) test -race -short …'; CGO_ENABLED=1 $(GO) test -race -short -timeout $(RACETIME) $(RACE); \
	else echo 'skipped: go test -race needs a C compiler (gcc)'; fi

demo: build ## run one node on an embedded backend and show what it does; Ctrl-C ends it
	bin/keepsql demo

lab: build ## as root: the seed set-up in network namespaces; what a client sees when hosts die, REPS (10) times, in all pairs with keepalived
	KEEPSQL_LAB_REPS=$(or $(REPS),10) KEEPSQL_BIN='$(CURDIR)/bin/keepsql' $(GO) test -v -count=1 -parallel 4 -timeout 30m $(LAB)

# Long forms of tests read their length from the environment.
soak: ## the long runs: race detector over everything, 10 000 simulated clusters, pairs of hosts to which things happen for CHAOS (1h), 1 000 random edits, 5 minutes of broken servers, every fuzz target for FUZZTIME (30s)
	$(MAKE) race RACE="$$($(GO) list ./... | grep -v -E '/engine/(lab|demo)$$' | tr '\n' ' ')" RACETIME=40m
	KEEPSQL_SEEDS=10000 $(GO) test -count=1 -timeout 60m -v -run TestSimulation ./engine/cluster/diffcheck
	KEEPSQL_CHAOS=$(CHAOS) $(GO) test -count=1 -parallel 4 -timeout 3h -v -run TestChaos $(LAB)
	KEEPSQL_EDITS=1000 $(GO) test -count=1 -run TestRandomEdits ./engine
	KEEPSQL_HARM=5m $(GO) test -count=1 -timeout 15m -run TestNothingRepeatedOrLost ./engine/proxy
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
		done; \
	done

bench: build ## what statements, connections and idle clients cost beside HAProxy: 12 minutes for REPS (3), all ROWS
	KEEPSQL_BENCH=1 KEEPSQL_BENCH_REPS='$(or $(REPS),3)' KEEPSQL_BENCH_ROWS='$(ROWS)' KEEPSQL_BIN='$(CURDIR)/bin/keepsql' \
		$(GO) test -v -count=1 -timeout 20m -run TestTable ./engine/bench

microbench: ## the Go benchmarks; BENCH is a pattern
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $(OTHERS)

clean: ## remove what was built
	rm -rf bin lab-run
	$(GO) clean -testcache

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14
