# `make demo` and `make test` are the two commands a newcomer needs; both set everything up first.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
NODE_BIN := $(BIN)

.PHONY: setup demo test bench soak lint lock clean

setup: .venv/.ready protocols/gen/.ready webui/dist/.ready

.venv/.ready: requirements-dev.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

protocols/gen/.ready: .venv/.ready $(wildcard protocols/schema/*.proto)
	$(BIN)/python -m grpc_tools.protoc -Iprotocols/gen=protocols/schema --python_out=. --pyi_out=. protocols/schema/*.proto
	touch $@

webui/dist/.ready: .venv/.ready $(wildcard protocols/schema/*.proto) $(shell find webui -path webui/node_modules -prune -o -path webui/dist -prune -o -path webui/src/gen -prune -o -type f -print) $(wildcard dispatch/*.py)
	PATH=$(CURDIR)/$(BIN):$$PATH bash webui/build.sh
	touch $@

demo: setup
	$(BIN)/ganying demo

test: setup
	bash tests/run.sh

bench: setup
	$(BIN)/python -m loadtests

soak: setup
	$(BIN)/python -m pytest -m soak tests

lint: setup
	bash tests/lint.sh

lock:
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml --group dev -o requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements.lock

clean:
	rm -rf .venv webui/dist webui/node_modules webui/src/gen protocols/gen/*_pb2.py* protocols/gen/.ready var
