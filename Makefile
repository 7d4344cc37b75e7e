# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := onnx,torch,tensorflow,add,pandas
MAVEN := mvn -B -ntp -q -f plugins/pom.xml

# Debian's packages that the tests of the graphical programs need.
SYSTEM := xvfb xauth x11-apps xdotool openbox imagemagick fonts-dejavu-core \
	libegl1 libgl1 libgl1-mesa-dri libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 \
	libxcb-image0 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libdbus-1-3 \
	libfontconfig1 openjdk-17-jdk-headless maven

.PHONY: help demo test install install-test system stubs lint plugins zoo clean

help: ## Show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv

$(VENV)/installed: $(BIN)/uv pyproject.toml constraints.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e ".[$(EXTRAS)]"
	touch $@

install: $(VENV)/installed ## Install ZooBridge with all frameworks into .venv

demo: install ## Serve the demo zoo and classify real pictures through all three frameworks
	$(BIN)/python examples/demo.py

stubs: install ## Generate the Python stubs from proto/
	$(BIN)/python proto/generate.py
