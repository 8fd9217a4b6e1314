# Every target sets up what it needs, from nothing but Python 3.11 or newer and make. The second time costs nothing.

SHELL := /bin/bash
.DEFAULT_GOAL := help
# One recipe at a time: two trainings at once would only share the machine.
.NOTPARALLEL:
.DELETE_ON_ERROR:

# Libraries that call home do so only when asked. Inherited by everything below.
export NO_ALBUMENTATIONS_UPDATE := 1
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_OFFLINE := 1

BIN := .venv/bin
UV := .uv/uv
READY := .venv/.installed
RUNTIME_READY := .venv-runtime/.installed
# What the torch-free lane needs beside the core and the page; versions come from the lock.
RUNTIME_TOOLS := httpx hypothesis playwright pytest pytest-timeout pytest-xdist
RUNTIME_TESTS := tests/runtime tests/app tests/architecture
# Two processes share the files of tests, and torch takes one core in each: more would only get in each other's way.
SHARED := --numprocesses 2 --dist loadfile
TEST_THREADS := OMP_NUM_THREADS=1

DEMO_DATA := data/town/.complete
DEMO_RUNS := runs/demo_edges2photo/.trained runs/demo_day2night/.trained
DEMO_MODELS := models/edges2photo.onnx models/day2night.onnx
DEMO_EXAMPLES := models/examples/.complete
DEMO_REPORTS := runs/demo_edges2photo/evaluation.txt runs/demo_day2night/evaluation.txt

# The page's own models: trained on the synthetic town and on drawn faces, small enough to come with the project.
PAGE_DATA := data/town512/.complete
PAGE_NAMES := edges2photo labels2photo day2night night2day
FACES := export/space/models/faces.onnx
FACES_DATA := data/faces64/.complete
PAGE_MODELS := $(PAGE_NAMES:%=export/space/models/%.onnx) $(FACES)

TRUTH_DATA := data/town128/.complete
TRUTH_NAMES := cyclegan_town cut_town fastcut_town pix2pix_town
TRUTH_RUNS := $(TRUTH_NAMES:%=runs/%/.trained) runs/pix2pix_town_reader/.trained
TRUTH_MODELS := $(TRUTH_NAMES:%=runs/truth/%.onnx)

##@ Use
.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: page
page: $(RUNTIME_READY) ## Open the page with the models that come with the project: no training, no torch
	.venv-runtime/bin/python app.py --models export/space/models

.PHONY: demo
demo: $(DEMO_MODELS) $(DEMO_EXAMPLES) $(DEMO_REPORTS) ## Train two models on a synthetic town, then open the page (SERVE=0: do not open it)
	@cat $(DEMO_REPORTS)
ifneq ($(SERVE),0)
	$(BIN)/python app.py --models models
endif

.PHONY: truth
truth: $(TRUTH_MODELS) runs/truth/reader.onnx ## Unpaired learning scored against the truth: five trainings, about 45 minutes
	$(BIN)/translate evaluate $(TRUTH_MODELS) --data configs/pix2pix_town.toml data.source=data/town128/test/day \
		data.target=data/town128/test/night data.holdout=40 \
		--reader runs/truth/reader.onnx --labels data/town128/test/labels

.PHONY: pretrained
pretrained: ## Train the models that come with the project again (two hours) and put them in their place
	rm -rf $(PAGE_MODELS) export/space/models/examples
	$(MAKE) $(PAGE_MODELS) export/space/models/examples

##@ Develop
.PHONY: setup
setup: $(READY) ## Make .venv with everything at the locked versions

.PHONY: check
check: $(READY) ## Format, lint, types, import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: test
test: $(READY) $(RUNTIME_READY) ## All tests, then those of the runtime and the page where there is no torch (SLOW=1: the slow ones)
	$(TEST_THREADS) $(BIN)/python -m pytest $(SHARED) --ignore=tests/app $(if $(SLOW),-m slow,--ignore=tests/runtime)
	$(if $(SLOW),,$(TEST_THREADS) .venv-runtime/bin/python -m pytest $(SHARED) $(RUNTIME_TESTS))

.PHONY: bench
bench: $(READY) ## Time training, inference and folders beside what others run; leave the machine alone (WHAT=training ROUNDS=6)
	@set -e; for what in $(or $(WHAT),training inference streams); do \
		$(BIN)/python -m benchmarks.$$what $(if $(ROUNDS),--rounds $(ROUNDS)); done

.PHONY: screenshots
screenshots: $(READY) ## Take the pictures of the page in docs/pictures again (needs Chromium)
	$(BIN)/python docs/screenshots.py

.PHONY: lock
lock: | $(UV) ## Resolve requirements.lock again (UPGRADE=1: move to the newest versions)
	@cp requirements.lock requirements.lock.new
	$(UV) pip compile --quiet --universal --all-extras --generate-hashes --no-annotate --no-header \
		$(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.lock.new
	@if grep -n '://' requirements.lock.new; then \
		echo 'the lock names an address, and so would bind others to it: not written' >&2; rm requirements.lock.new; exit 1; fi
	@mv requirements.lock.new requirements.lock

.PHONY: clean
clean: ## Remove environments and caches; data, runs and models stay
	rm -rf .venv .venv-runtime .uv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Environments ---------------------------------------------------------------------------------------------------
# `.uv/uv` is a link to the uv on PATH, or to one of its own where there is none that runs.

$(UV):
	@mkdir -p .uv
	@if uv --version >/dev/null 2>&1; then ln -sf "$$(command -v uv)" $@; else \
		for python in python3 python3.14 python3.13 python3.12 python3.11; do \
			$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; done; \
		[ -n "$$python" ] || { echo 'needs Python 3.11 or newer on PATH' >&2; exit 1; }; \
		echo "uv is not on PATH: bringing one into .uv/ with $$python"; \
		$$python -m venv .uv && .uv/bin/python -m pip install --quiet uv && ln -sf bin/uv $@; fi

.venv/bin/python .venv-runtime/bin/python: %/bin/python: | $(UV)
	rm -rf $*
	$(UV) venv --quiet --python '>=3.11' $*

# The lock's packages change with the lock only; the checkout itself is put in again when pyproject.toml changes.
.venv/.locked: requirements.lock .venv/bin/python
	$(UV) pip sync --require-hashes --python .venv/bin/python requirements.lock
	@touch $@

$(READY): pyproject.toml .venv/.locked
	$(UV) pip install --quiet --python .venv/bin/python --no-deps --editable .
	@touch $@

# `--exact` removes what does not belong, so that torch cannot linger; hashes in the constraints are verified.
$(RUNTIME_READY): pyproject.toml requirements.lock .venv-runtime/bin/python
	$(UV) pip install --exact --python .venv-runtime/bin/python --constraint requirements.lock \
		--editable '.[app,openvino,video,large]' $(RUNTIME_TOOLS)
	@touch $@

# --- The demo -------------------------------------------------------------------------------------------------------
# Each step is a file, so an interrupted demo goes on where it stopped: training resumes from its last checkpoint.

$(DEMO_DATA): | $(READY)
	$(BIN)/translate data make town data/town --count 440 --size 256 --views edges,day,night
	@touch $@

# Scenes that are not in the data set, for the page to offer.
$(DEMO_EXAMPLES): | $(READY)
	$(BIN)/translate data make town models/examples --count 8 --size 256 --views edges,day --seed 5000
	@touch $@

$(DEMO_RUNS): $(DEMO_DATA)
$(TRUTH_RUNS): $(TRUTH_DATA)
runs/%/.trained: configs/%.toml | $(READY)
	$(BIN)/translate train $< --resume
	@touch $@

$(DEMO_MODELS): models/%.onnx: runs/demo_%/.trained
	@mkdir -p models
	$(BIN)/translate export runs/demo_$* -o $@

$(DEMO_REPORTS): runs/demo_%/evaluation.txt: models/%.onnx
	$(BIN)/translate evaluate $< --data configs/demo_$*.toml > $@.part
	@mv $@.part $@

# --- The models that come with the project -------------------------------------------------------------------------

$(PAGE_DATA): | $(READY)
	$(BIN)/translate data make town data/town512 --count 640 --size 512 --views edges,labels,day,night
	@touch $@

$(PAGE_NAMES:%=runs/page_%/.trained): $(PAGE_DATA)

export/space/models/%.onnx: | runs/page_%/.trained
	$(BIN)/translate export runs/page_$* -o $@ --precision int8 --history --license Apache-2.0

$(FACES_DATA): | $(READY)
	$(BIN)/translate data make faces data/faces64 --count 20000 --size 64
	@touch $@

runs/page_faces/.trained: $(FACES_DATA)

# Exported twice: the directions of its sliders are fitted to pictures that the model itself draws.
$(FACES): | runs/page_faces/.trained
	$(BIN)/translate export runs/page_faces -o runs/page_faces/faces.onnx
	$(BIN)/python -m benchmarks.latent_arithmetic runs/page_faces/faces.onnx --data data/faces64 \
		--attributes runs/page_faces/attributes.json --out runs/page_faces
	$(BIN)/translate export runs/page_faces -o $@ --attributes runs/page_faces/attributes.json --license Apache-2.0

# Scenes that are not in the data set.
export/space/models/examples: | $(READY)
	$(BIN)/translate data make town $@ --count 8 --size 256 --views edges,labels,day,night --seed 5000

# --- Unpaired learning against the truth ----------------------------------------------------------------------------
# Days and nights to learn from are of different towns, those to score on of others again, with both views and classes.

$(TRUTH_DATA): | $(READY)
	$(BIN)/translate data make town data/town128/a --count 400 --size 128 --views day,night
	$(BIN)/translate data make town data/town128/b --count 400 --size 128 --views night,labels --seed 10000
	$(BIN)/translate data make town data/town128/test --count 40 --size 128 --views day,night,labels --seed 20000
	@touch $@

$(TRUTH_MODELS): runs/truth/%.onnx: runs/%/.trained
	@mkdir -p runs/truth
	$(BIN)/translate export runs/$* -o $@

runs/truth/reader.onnx: runs/pix2pix_town_reader/.trained
	@mkdir -p runs/truth
	$(BIN)/translate export runs/pix2pix_town_reader -o $@
