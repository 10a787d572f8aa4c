# The front door. `make help` lists what it opens; each target is a thin call of a script in scripts/.

.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
CLIENTS := .venv-clients
MLFLOW := .venv-mlflow
LEARNER := .venv-learner
PYTHON ?=
PORT ?=
PAGE_PORT ?=
ALLOW_HOST ?=
VERSION ?=
ALLOW_ENDPOINT ?=
ARGS ?=
TEST_PROCESSES ?= 0
PORTS = $(if $(PORT),--port $(PORT)) $(if $(PAGE_PORT),--page-port $(PAGE_PORT))

.PHONY: help serve gateway learner versions promote rollback mirror test check hooks audit format train dashboard ink export evaluate compare bench faults changes grafana archive predict samples notebook lock clean

help: ## list the targets
	@echo "usage: make TARGET [VARIABLE=value ...]"; echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14
	@echo; echo "Variables: PORT, PAGE_PORT, ALLOW_HOST, further names of the page, ALLOW_ENDPOINT, other recognisers that it may"
	@echo "ask (serve); IMAGE (predict); VERSION (promote); ARGS, further arguments of the script, say ARGS=--help;"
	@echo "TEST_PROCESSES, how many more run the suite (0; 2 where there are four cores); PYTHON, the Python 3.11 to 3.13 to"
	@echo "use; TORCH_INDEX_URL, another index for torch, say https://download.pytorch.org/whl/cpu for the small CPU build;"
	@echo "DIGITS_DATA, the folder of the data."

serve: $(VENV)/.serve ## serve the recogniser and its page until Ctrl-C
	@exec $(BIN)/python scripts/serve.py $(PORTS) $(foreach name,$(ALLOW_HOST),--allow-host $(name)) \
	  $(foreach origin,$(ALLOW_ENDPOINT),--allow-endpoint $(origin)) $(ARGS)

gateway: $(VENV)/.gateway ## serve two nodes and the page behind one gateway, https://127.0.0.1:8443
	@exec $(BIN)/python scripts/gateway.py $(ARGS)

learner: $(LEARNER)/.ready ## take in corrections and teach them while others serve, http://127.0.0.1:8090
	@exec $(LEARNER)/bin/python scripts/learner.py $(ARGS)

versions: $(VENV)/.serve ## list the versions of the network, the one that serves, the trial
	@exec $(BIN)/python scripts/versions.py $(ARGS)

promote: $(VENV)/.serve ## check a version and let it serve: make promote VERSION=1.1
	@exec $(BIN)/python scripts/versions.py $(ARGS) promote $(or $(VERSION),--help)

rollback: $(VENV)/.serve ## let the version that served before serve again
	@exec $(BIN)/python scripts/versions.py $(ARGS) rollback

mirror: $(VENV)/.serve $(MLFLOW)/.ready ## bring the MLflow at MLFLOW_TRACKING_URI up to date with the versions
	@set -o pipefail; $(BIN)/python scripts/versions.py --json | $(MLFLOW)/bin/python scripts/mirror.py $(ARGS)

test: $(VENV)/.dev $(CLIENTS)/.ready $(MLFLOW)/.ready ## run the whole suite, real TorchServe and real Chromium included
	@$(BIN)/python -m pytest --numprocesses=$(TEST_PROCESSES) --dist=loadscope $(ARGS)

check: $(VENV)/.dev ## check style, types, and which room imports which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

hooks: $(VENV)/.dev ## let git check style before each commit
	@$(BIN)/pre-commit install

audit: $(VENV)/.dev ## look the locked packages up among known security holes; needs pypi.org
	@for name in serve dev gateway learner bench notebook clients mlflow; do \
	  $(BIN)/pip-audit --requirement requirements/$$name.txt --require-hashes --disable-pip || exit 1; \
	done

format: $(VENV)/.dev ## mend lint and format where that can be done mechanically
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

train: $(VENV)/.dev ## train the network on MNIST; ARGS=--resume goes on after a stop
	@$(BIN)/python scripts/train.py $(ARGS)

dashboard: $(VENV)/.dev ## watch the trainings of runs/ in TensorBoard, http://127.0.0.1:6006
	@$(BIN)/tensorboard --logdir runs --host 127.0.0.1 $(ARGS)

ink: $(VENV)/.dev ## train and export the network that finds the digit's ink; ARGS=--resume goes on after a stop
	@$(BIN)/python scripts/train_ink.py $(ARGS)
	@$(BIN)/python scripts/export_ink.py

export: $(VENV)/.dev ## export the best checkpoint to model/released
	@$(BIN)/python scripts/export.py $(ARGS)

evaluate: $(VENV)/.dev ## measure the released archive, write reports/report.html
	@$(BIN)/python scripts/evaluate.py $(ARGS)

compare: $(VENV)/.dev ## measure each network of runs/ beside the others, write the comparison
	@$(BIN)/python scripts/compare.py $(ARGS)

bench: $(VENV)/.bench ## race our TorchServe against other servers, write benchmarks/results
	@$(BIN)/python benchmarks/compare_servers.py $(ARGS)

faults: $(VENV)/.dev ## count what is lost when something dies behind the gateway, write benchmarks/results/faults.md
	@$(BIN)/python benchmarks/measure_faults.py $(ARGS)

changes: $(VENV)/.dev ## count what is lost while versions are promoted and taken back, write benchmarks/results/versions.md
	@$(BIN)/python benchmarks/measure_versions.py $(ARGS)

grafana: $(VENV)/.dev ## write the Grafana dashboard from its list of panels
	@$(BIN)/python scripts/grafana.py $(ARGS)

archive: $(VENV)/.serve ## pack model_store/mnist.mar from the released model
	@$(BIN)/python scripts/archive.py $(ARGS)

predict: $(VENV)/.serve ## read digits without a server: make predict IMAGE=digit.png
	@$(BIN)/python scripts/predict.py $(IMAGE) $(ARGS)

samples: $(VENV)/.dev ## build the sprite of test digits for the page, from DIGITS_DATA
	@$(BIN)/python scripts/samples.py $(ARGS)

notebook: $(VENV)/.notebook ## open the walk-through, from the data to the served answer, in JupyterLab
	@exec $(BIN)/jupyter lab docs/walkthrough.ipynb $(ARGS)

lock: $(VENV)/.dev ## pin requirements/*.in anew, with hashes, for Python 3.11 to 3.13
	@for name in serve dev gateway learner bench notebook clients mlflow; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

clean: ## remove what was built: environment, archive, caches, logs (not runs/, not data/)
	rm -rf $(VENV) $(CLIENTS) $(MLFLOW) $(LEARNER) model_store/*.mar{,.sha256} static_client/samples.{png,json} reports logs *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps of finished installations; an interrupted one leaves none and is taken up again.
$(VENV)/.serve: requirements/serve.txt scripts/install.py pyproject.toml | $(BIN)/python
	@echo "Installing what serving needs into $(VENV) (once; several GB unless TORCH_INDEX_URL is set) ..." >&2
	@$(BIN)/python scripts/install.py serve
	@touch $@

$(VENV)/.gateway: requirements/gateway.txt scripts/install.py pyproject.toml | $(BIN)/python
	@echo "Installing what serving behind a gateway needs into $(VENV) (once) ..." >&2
	@$(BIN)/python scripts/install.py gateway
	@touch $@ $(VENV)/.serve

$(VENV)/.dev: requirements/dev.txt scripts/install.py pyproject.toml | $(BIN)/python
	@echo "Installing what development needs into $(VENV) (once) ..." >&2
	@$(BIN)/python scripts/install.py dev
	@touch $@ $(VENV)/.serve $(VENV)/.gateway

# Environments of their own: other people's clients for the suite, and MLflow's client, whose pins differ from ours.
$(CLIENTS)/.ready $(MLFLOW)/.ready: .venv-%/.ready: requirements/%.txt | $(BIN)/python
	@echo "Installing requirements/$*.txt into .venv-$* (once) ..." >&2
	@$(BIN)/python -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	  --requirement requirements/$*.txt
	@touch $@

# The learner's packages never enter the environment that serves.
$(LEARNER)/.ready: requirements/learner.txt scripts/install.py pyproject.toml | $(BIN)/python
	@echo "Installing what learning needs into $(LEARNER) (once; several GB unless TORCH_INDEX_URL is set) ..." >&2
	@$(BIN)/python -m venv $(LEARNER)
	@$(LEARNER)/bin/python scripts/install.py learner
	@touch $@

$(VENV)/.bench: requirements/bench.txt scripts/install.py pyproject.toml | $(BIN)/python
	@echo "Installing the servers that ours is measured against into $(VENV) (once) ..." >&2
	@$(BIN)/python scripts/install.py bench
	@touch $@ $(VENV)/.serve

$(VENV)/.notebook: requirements/notebook.txt scripts/install.py pyproject.toml | $(BIN)/python
	@echo "Installing what the notebook needs into $(VENV) (once) ..." >&2
	@$(BIN)/python scripts/install.py notebook
	@touch $@

$(BIN)/python:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
	  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || continue; \
	  echo "Creating $(VENV) with $$("$$python" --version) ..." >&2; \
	  "$$python" -m venv $(VENV) && exit 0; \
	  rm -rf $(VENV); \
	  echo "error: $$python cannot create a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; \
	done; \
	echo "error: no Python 3.11, 3.12 or 3.13 found; install one, or name it: make PYTHON=/path/to/python" >&2; exit 1
