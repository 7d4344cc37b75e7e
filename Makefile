# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := all
FUZZ_SECONDS := 600
# Processes that run the Python tests side by side.
WORKERS := 2
DIST := dist
# TensorFlow takes twice as long to import without bytecode, and tests import it again and again.
unexport PYTHONDONTWRITEBYTECODE
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
MAVEN := mvn -B -ntp -q -f plugins/pom.xml

# Debian's packages that tests need: graphical programs, and a look at what processes do.
SYSTEM := chromium firefox-esr fonts-dejavu-core imagej imagemagick libdbus-1-3 libegl1 libfontconfig1 \
	libgl1 libgl1-mesa-dri libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 \
	libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0 openbox strace \
	systemd x11-apps xauth xdotool xvfb

.PHONY: help demo test install install-test system stubs checks lint types contract python-test \
	napari-test napari-widgets napari-others plugins reliability soak fuzz wheels version dist

help: ## Show what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv

$(VENV)/installed: $(BIN)/uv pyproject.toml constraints.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e ".[$(EXTRAS)]"
	@# uv compiles no bytecode, and confined workers cannot write any: write that of the frameworks here.
	@for framework in onnxruntime tensorflow torch; do \
		$(BIN)/python -c "import $$framework" 2>/dev/null || true; done
	@touch $@

$(VENV)/installed-test: $(VENV)/installed plugins/napari/pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --group test
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt \
		-e "plugins/napari[test]"
	@touch $@

install: $(VENV)/installed ## Install ZooBridge with all frameworks into .venv

install-test: $(VENV)/installed-test system ## Install what the tests need, system packages included

system:
	@missing=$$(for package in $(SYSTEM); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' \
		|| echo $$package; done; \
		command -v javac >/dev/null || echo default-jdk; \
		command -v mvn >/dev/null || echo maven); \
	if [ -n "$$missing" ]; then \
		root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$root apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq $$missing >/dev/null; \
	fi

demo: install ## Serve the demo zoo and classify real pictures through all three frameworks
	$(BIN)/python examples/demo.py

test: install-test checks python-test napari-test ## Run every check and every test

checks: install-test # Maven takes as long as all the others, beside it.
	@$(MAKE) --no-print-directory --jobs 2 --output-sync plugins lint types contract

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/oxlint --deny-warnings bridge

types:
	$(BIN)/mypy

contract:
	$(BIN)/python proto/generate.py --check
	@mkdir -p build
	$(BIN)/python proto/generate.py --image build/proto.binpb
	$(BIN)/buf lint build/proto.binpb --config proto/buf.yaml

plugins: system ## Build and test the Java plugins; the jars and a Fiji update site lie in plugins/*/target
	$(MAVEN) package
	$(PYTHON) plugins/update_site.py

python-test: install-test
	$(BIN)/python tests/fuzz/beside.py --seconds $(FUZZ_SECONDS) \
		xvfb-run -a $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadscope --no-loadscope-reorder

napari-test: install-test
	@$(MAKE) --no-print-directory --jobs 2 --output-sync napari-widgets napari-others

# Displays of their own, since a window takes the keyboard from every other; numbers apart from each
# other, since two that start at once would take the same.
NAPARI := cd plugins/napari && xvfb-run -a
napari-widgets:
	$(NAPARI) -n 300 ../../$(BIN)/python -m pytest -q tests/widgets

napari-others:
	$(NAPARI) -n 400 ../../$(BIN)/python -m pytest -q --ignore tests/widgets

reliability: install-test ## Test each promise of docs/reliability.md at full size; takes about two hours
	ZOOBRIDGE_TEST_SIZE=full $(BIN)/python -m pytest -q -s --timeout 7200 tests/reliability tests/security

soak: install-test ## Use a server for an hour and draw its memory, descriptors, threads and latency
	$(BIN)/python tests/support/soak.py

fuzz: install-test ## Send mutated messages to a server for an hour
	$(BIN)/python tests/fuzz/messages.py

stubs: install ## Generate the Python stubs from proto/
	$(BIN)/python proto/generate.py

wheels: $(BIN)/uv ## Build wheels and source distributions of both Python packages into DIST
	$(BIN)/uv build --quiet --out-dir $(DIST) .
	$(BIN)/uv build --quiet --out-dir $(DIST) plugins/napari

version: ## Print the version
	@echo $(VERSION)

dist: plugins ## Build all that is published into DIST, with checksums
	rm -rf $(DIST)
	$(MAKE) wheels
	cp plugins/java-client/target/zoobridge-client-$(VERSION).jar \
		plugins/imagej/target/ZooBridge_-$(VERSION).jar \
		plugins/icy/target/ZooBridge-Icy-$(VERSION).jar $(DIST)
	cd plugins/imagej/target && $(PYTHON) -m zipfile -c \
		$(abspath $(DIST))/zoobridge-fiji-update-site-$(VERSION).zip update-site
	rm -f $(DIST)/.gitignore
	cd $(DIST) && sha256sum * > SHA256SUMS
