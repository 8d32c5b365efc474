# Everything that is built or fetched goes into bin/ and .tools/, which git ignores, and into the user's caches of Go and lpq; what is computed goes into
# runs/. Needed are Go 1.26.5 or later, a C compiler, make, and Python 3.11 or later with venv and pip.

.PHONY: help demo test build plugin check unit clean

help:
	@echo 'make demo            the method in two minutes'
	@echo 'make build           bin/lpq'
	@echo 'make plugin          bin/lpq, and the XLA plugin for the CPU, once'
	@echo 'make lab             JupyterLab with the Go kernel, on the notebooks'
	@echo 'make check           style, and tables against results; needs no reference data'
	@echo 'make test            every check: style, unit tests, notebooks; needs reference data, see CONTRIBUTING.md'
	@echo 'make notebooks-save  execute the notebooks and save their outputs'
	@echo 'make clean           remove what was built; runs/ and the caches of Go and lpq stay'

demo: plugin
	bin/lpq demo

test: check unit notebooks

build:
	go build -o bin/lpq ./cmd/lpq

# The XLA CPU plugin, fetched once into the user's cache.
plugin: build
	bin/lpq backends install cpu

check:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt would change: $$unformatted" >&2; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go vet -tags noxla ./...
	go run ./internal/readme -check README.md experiments/README.md

unit: plugin
	go test -timeout 30m ./...
	go test -race -short ./lpq/data/... ./lpq/weights/...

clean:
	rm -rf bin .tools

include notebooks/tools.mk

lab notebooks notebooks-save: plugin
