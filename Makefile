# Commands of this project. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := bash
VENV := .venv
PY := $(VENV)/bin/python
export RASA_TELEMETRY_ENABLED := false
export PYTHONWARNINGS := ignore
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
UV_VERSION := 0.13.8
PORT ?= 8080
export PORT

MODEL := models/model.tar.gz
PAGES := web/public/static/built/main.css web/console/static/built/main.css
ENCODER_MADE := bot/encoder/en/model.onnx

.PHONY: help run test check evaluate bench translations audit lock sms volunteer clean setup train rotate rotate-key backup restore fuzz load faults

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 16

# Python 3.10 by name (pyenv's shim works through .python-version), or uv, which brings one.
$(VENV)/.done: requirements/dev.txt
	@if python3.10 --version >/dev/null 2>&1; then python3.10 -m venv $(VENV) && $(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements/uv.txt; \
	elif command -v uv >/dev/null; then uv venv -q --python 3.10 $(VENV) && uv pip install -q --python $(PY) --require-hashes --no-deps -r requirements/uv.txt; \
	else echo "Python 3.10 is needed, or uv, which can bring it. See README.md."; exit 1; fi
	@VIRTUAL_ENV=$(VENV) $(VENV)/bin/uv pip sync -q --require-hashes requirements/dev.txt
	@touch $@

node_modules/.done: package.json package-lock.json
	@command -v npm >/dev/null || { echo "Node with npm is needed, for the styles of the pages. See README.md."; exit 1; }
	@npm ci --no-audit --no-fund --silent --ignore-scripts
	@touch $@

$(PAGES): node_modules/.done $(wildcard web/*/styles/*.scss web/*/scripts/*.js)
	@npm run -s build

locales/.compiled: $(VENV)/.done $(wildcard locales/*/LC_MESSAGES/*.po)
	@$(PY) -m tools.translations --compile
	@touch $@

setup: $(VENV)/.done $(PAGES) locales/.compiled ## Install everything this project needs into this folder

train: $(VENV)/.done ## Train the model if its data, code or settings changed
	@$(PY) -m tools.train

run: setup train ## Start everything on this machine: http://127.0.0.1:8080
	@$(PY) -m tools.serve

test: setup train ## Run every test: core, engine, web, browser, real PostgreSQL and Redis
	$(PY) -m pytest -n 2 --dist loadgroup

check: setup train ## Formatter, linter, types, guards and Rasa's own validation
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(PY) -m pytest tests/guards
	$(PY) -m tools.check_knowledge
	$(PY) -m tools.translations --check
	$(PY) -m tools.reading_level
	$(PY) -m bot data validate --fail-on-warnings --domain bot/domain --data data

evaluate: setup train ## Score a labelled file: make evaluate INPUT=items.jsonl OUTPUT=dir
	@test -n "$(INPUT)" -a -n "$(OUTPUT)" || { echo "Usage: make evaluate INPUT=items.jsonl OUTPUT=dir"; exit 2; }
	$(PY) -m tools.evaluate $(INPUT) $(OUTPUT)

bench: setup train ## Measure speed, memory and start beside Rasa's default pipeline
	$(PY) -m bench

translations: setup ## Extract, update and check every catalogue; print a table
	$(PY) -m tools.translations

sms: setup train ## Text with it in this terminal, without a Twilio account
	@$(PY) -m tools.sms

volunteer: setup ## A one-time set-up link for the desk: make volunteer NAME="Ada Marsh" [ROLE=coordinator]
	@test -n "$(NAME)" || { echo 'Usage: make volunteer NAME="Ada Marsh" [CENTRE=id] [ROLE=coordinator] [EMAIL=address] [REMOVE=1]'; exit 2; }
	@$(PY) -m web.console.accounts --name "$(NAME)" --centre "$(CENTRE)" --role "$(or $(ROLE),volunteer)" --email "$(EMAIL)" $(if $(REMOVE),--remove)
rotate-key: rotate
rotate: $(VENV)/.done ## (also rotate-key) Seal every stored row under the newest key: SECRET_KEY=new,old
	@$(PY) -m tools.rotate_key

backup: $(VENV)/.done ## Copy the stored rows, sealed as they are: make backup TO=file
	@$(PY) -m tools.backup backup $(TO)

restore: $(VENV)/.done ## Put a backup back: make restore FROM=file
	@$(PY) -m tools.backup restore $(FROM)

fuzz: setup ## Send 100,000 bad inputs to every door
	$(PY) -m bench.fuzz

load: setup train ## Ten minutes of conversations, then three times as many
	$(PY) -m bench.load

faults: setup train ## Kill and hang every part of many machines while people talk
	$(PY) -m bench.faults

audit: .audit/.done ## Known vulnerabilities of the pinned packages, Python's and the pages' (needs the internet)
	.audit/bin/pip-audit --disable-pip --require-hashes -r requirements/serve.txt
	npm audit --omit=dev

.audit/.done: requirements/audit.txt $(VENV)/.done
	@$(PY) -m venv .audit
	@.audit/bin/pip install -q --require-hashes -r requirements/audit.txt
	@touch $@

lock: ## Pin every dependency anew, with hashes
	$(VENV)/bin/uv pip compile -q --python 3.10 --override requirements/overrides.txt --generate-hashes --no-header --no-annotate requirements/dev.in -o requirements/dev.txt
	$(VENV)/bin/uv pip compile -q --python 3.10 --override requirements/overrides.txt -c requirements/dev.txt --generate-hashes --no-header --no-annotate requirements/serve.in -o requirements/serve.txt
	$(VENV)/bin/uv pip compile -q --python 3.10 --generate-hashes --no-header --no-annotate requirements/audit.in -o requirements/audit.txt

clean: ## Remove everything that was installed, trained or stored here
	rm -rf $(VENV) .audit node_modules models .state .rasa web/*/static/built
