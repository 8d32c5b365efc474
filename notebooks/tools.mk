# The notebooks' tools and checks; the Makefile of the repository includes this file. All tools are pinned (go.mod and
# the two requirements files) and go into a folder that git ignores. They need Go, a C compiler and Python 3.11 or later
# with venv and pip.
#
#   notebook-tools   install the Go kernel and what executes notebooks; quick when nothing has changed
#   notebooks        execute every notebook and check it against its saved outputs
#   notebooks-save   execute every notebook and save it with its outputs
#   lab              work in them with JupyterLab (LAB_FLAGS="--no-browser --ip=... --allow-root" go to it)

GO     ?= go
PYTHON ?= python3
TOOLS  ?= $(CURDIR)/.tools

NOTEBOOK_VENV   := $(TOOLS)/venv
NOTEBOOK_STAMPS := $(TOOLS)/stamps
NOTEBOOK_RUN     = $(NOTEBOOK_VENV)/bin/python notebooks/run.py --tools $(TOOLS)
NOTEBOOK_PIP     = $(NOTEBOOK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check

# imagenet.ipynb wants photographs of ImageNet and the weights of EfficientNet-Lite0. Unless the environment names others, checks take those among
# the tests' reference data; where they are missing the notebook fails.
NOTEBOOK_SHARED := $(or $(LPQ_SHARED),$(abspath $(CURDIR)/../shared))
notebooks notebooks-save: export LPQ_IMAGENET ?= $(NOTEBOOK_SHARED)/data/imagenet-sample
notebooks notebooks-save: export LPQ_LITE0 ?= $(NOTEBOOK_SHARED)/models/efficientnet_lite0/efficientnet-lite0-57934424.pth

.PHONY: notebook-tools notebook-build notebooks notebooks-save lab

notebook-tools: $(NOTEBOOK_STAMPS)/venv $(NOTEBOOK_STAMPS)/kernel

notebooks: notebook-tools notebook-build
	PYTHONDONTWRITEBYTECODE=1 $(NOTEBOOK_VENV)/bin/python notebooks/run_test.py --quiet
	$(NOTEBOOK_RUN)

notebooks-save: notebook-tools notebook-build
	$(NOTEBOOK_RUN) --save

# Fetches and compiles here what cells import: in a cell it would count as the cell's time, and show in its output.
notebook-build:
	$(GO) build ./lpq/... ./experiments/...

lab: notebook-tools $(NOTEBOOK_STAMPS)/lab notebook-build
	$(NOTEBOOK_RUN) --lab -- $(LAB_FLAGS)

$(NOTEBOOK_STAMPS)/venv: notebooks/requirements.txt
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'the notebooks need Python 3.11 or later with venv (Debian: python3-venv); name it by PYTHON=...' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(NOTEBOOK_VENV)
	$(NOTEBOOK_PIP) --requirement $<
	@mkdir -p $(@D) && touch $@

$(NOTEBOOK_STAMPS)/lab: notebooks/requirements-lab.txt $(NOTEBOOK_STAMPS)/venv
	$(NOTEBOOK_PIP) --requirement $<
	@mkdir -p $(@D) && touch $@

# The kernel calls goimports. The versions are those of the tool lines in go.mod. (gopls, only for completion, is not asked for.)
$(NOTEBOOK_STAMPS)/kernel: go.mod
	GOBIN=$(TOOLS)/bin $(GO) install github.com/janpfeifer/gonb golang.org/x/tools/cmd/goimports
	PATH="$(TOOLS)/bin:$$PATH" JUPYTER_DATA_DIR=$(TOOLS)/jupyter $(TOOLS)/bin/gonb --install --force_deps 2>$(TOOLS)/gonb-install.log \
		|| { cat $(TOOLS)/gonb-install.log >&2; exit 1; }
	@mkdir -p $(@D) && touch $@
