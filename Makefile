# `make run` and `make test` are all a newcomer needs; `make help` lists the rest.

BINARY  := bin/otelcol-mockforge
CONFIG  ?= otelcol-config.yaml
TOOL    := go tool -modfile=$(CURDIR)/internal/tools/go.mod
# The race detector needs a C compiler.
RACE    ?= $(if $(shell command -v gcc || command -v clang),-race)
FUZZTIME ?= 20s
GENERATED = $(shell git ls-files '*generated*' '*/documentation.md' 'cmd/otelcol-mockforge/*' docs/events.md)

.PHONY: help build run test e2e faults fuzz load bench bench-once bench-compare bench-scaling pgo lint fmt generate dist vulncheck clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-13s %s\n", $$1, $$2}'

build: ## build the collector and siemctl into bin/
	cd cmd/otelcol-mockforge && CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o $(CURDIR)/$(BINARY) .
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o $(CURDIR)/bin/siemctl ./cmd/siemctl

run: build ## build and start the collector with otelcol-config.yaml
	$(BINARY) --config $(CONFIG)

test: ## run every unit and component test
	go test $(RACE) ./...

e2e: build ## run the tests against the real binary
	-@test/e2e/install-daemons.sh
	go test -count=1 -tags e2e ./test/e2e/... ./extension/siemhealthextension ./bench/compare

faults: build ## do harm to the real binary and count what arrives; FAULTS=short for the short form
	FAULTS=$(FAULTS) FAULTS_SEED=$(FAULTS_SEED) go test -count=1 -timeout 60m -tags faults -v ./test/faults

fuzz: ## run every fuzz test for FUZZTIME
	go test ./internal/eventlog -run '^$$' -fuzz FuzzDecode -fuzztime $(FUZZTIME)
	go test ./internal/condition -run '^$$' -fuzz FuzzSelector -fuzztime $(FUZZTIME)
	go test ./internal/siemconfig -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME)
	go test ./internal/condition -run '^$$' -fuzz FuzzAlert -fuzztime $(FUZZTIME)
	go test ./receiver/mockforgereceiver -run '^$$' -fuzz FuzzHandler -fuzztime $(FUZZTIME)
	go test ./receiver/mockforgereceiver -run '^$$' -fuzz FuzzHEC -fuzztime $(FUZZTIME)
	go test ./receiver/mockforgereceiver -run '^$$' -fuzz FuzzFrames -fuzztime $(FUZZTIME)
	go test ./receiver/mockforgereceiver -run '^$$' -fuzz FuzzSyslog -fuzztime $(FUZZTIME)
	go test ./receiver/mockforgereceiver -run '^$$' -fuzz FuzzTestEvent -fuzztime $(FUZZTIME)
	go test ./receiver/mockforgereceiver -run '^$$' -fuzz FuzzSplitLines -fuzztime $(FUZZTIME)
	go test ./internal/journal -run '^$$' -fuzz FuzzDamage -fuzztime $(FUZZTIME)
	go test ./internal/httpsend -run '^$$' -fuzz FuzzClean -fuzztime $(FUZZTIME)
	go test ./exporter/jsonlfileexporter -run '^$$' -fuzz FuzzSize -fuzztime $(FUZZTIME)
	go test ./exporter/jsonlfileexporter -run '^$$' -fuzz FuzzWhole -fuzztime $(FUZZTIME)
	go test ./exporter/jsonlfileexporter -run '^$$' -fuzz FuzzCrash -fuzztime $(FUZZTIME)
	go test ./internal/evidence -run '^$$' -fuzz FuzzSealFile -fuzztime $(FUZZTIME)
	go test ./internal/evidence -run '^$$' -fuzz FuzzLink -fuzztime $(FUZZTIME)
	go test ./internal/evidence -run '^$$' -fuzz FuzzScan -fuzztime $(FUZZTIME)
	go test ./internal/duration -run '^$$' -fuzz FuzzSpan -fuzztime $(FUZZTIME)
	go test ./exporter/azuremonitorexporter -run '^$$' -fuzz FuzzSign -fuzztime $(FUZZTIME)
	go test ./cmd/siemctl -run '^$$' -fuzz FuzzEventOf -fuzztime $(FUZZTIME)

load: build ## measure the binary under load, beside the Collector's own queue
	go test -count=1 -tags load ./test/e2e -run TestLoad -v

bench: ## run the benchmarks, compared with encoding/json and other decoders
	go test ./internal/eventlog ./bench -run '^$$' -bench . -benchmem -count 6 > bench/latest.txt
	cd bench/decoders && go test . -bench . -benchmem
	cd bench/files && go test . -bench . -benchmem
	cd bench/conditions && go test . -bench . -benchmem
	$(TOOL) benchstat -col /way bench/latest.txt

# The root module's alone: those in modules of their own compare other libraries, and
# need their sources.
bench-once: ## run every benchmark once, and hold allocations to bench/README.md
	go test -count=1 -run '^TestAllocations$$' -bench . -benchtime 1x $$(git grep -l '^func Benchmark' -- '*_test.go' ':!bench/*/*' | xargs -n1 dirname | sort -u | sed 's,^,./,')

bench-compare: build ## measure beside rsyslog, syslog-ng and contrib's components
	-@test/e2e/install-daemons.sh
	go run ./bench/compare -write bench/README.md $(COMPARE)

bench-scaling: build ## measure how cost grows with events, destinations and alert rules
	go run ./bench/compare -scaling -write bench/README.md $(COMPARE)

pgo: build ## take the profile by which the compiler optimizes the collector
	go run ./bench/compare -profile bench/profiles $(COMPARE)
	cp bench/profiles/cpu.pprof cmd/otelcol-mockforge/default.pgo

lint: ## check style, generated files and the default configuration
	$(TOOL) golangci-lint run ./...
	$(TOOL) golangci-lint run --build-tags e2e,load,faults ./test/e2e/... ./test/faults/... ./extension/siemhealthextension/... ./bench/compare
	@for module in bench/*/go.mod; do (cd $$(dirname $$module) && go list -deps -test ./... >/dev/null) || \
		{ echo "$$module is not up to date: run go mod tidy there and commit"; exit 1; }; done
	@sums=$$(mktemp) && sha256sum $(GENERATED) > $$sums && $(MAKE) generate && sha256sum --quiet -c $$sums || \
		{ echo "generated files are not up to date: run make generate and commit"; exit 1; }

fmt: ## format the code
	$(TOOL) golangci-lint fmt ./...

generate: dist ## generate metadata, documentation and the collector's sources
	go generate ./...
	go test ./internal/compliance -run TestEventsPage -update

dist:
	$(TOOL) builder --config builder-config.yaml --skip-compilation

vulncheck: ## look for known vulnerabilities in what is built
	internal/tools/vulncheck.sh cmd/otelcol-mockforge cmd/siemctl

clean: ## remove what was built; what was received stays
	rm -rf bin
