# The project's commands. Each sets up what it lacks, and nothing is set up or built twice.
.DEFAULT_GOAL := help
.PHONY: help book site test quick ready lint mutations notebooks records weights transforms benchmark address clean

# Packages are installed as they are, and compiled once, by the first process that imports them: tools/setup.sh.
export PYTHONDONTWRITEBYTECODE =

PYTEST = .venv/bin/python -m pytest --numprocesses auto

# What `make quick` leaves to `make test`: the book, its records, weights and table of transforms, and a reader's longer ways.
LATER = study/test_make_records study/test_verdicts study/test_weights transforms/test_table
LATER += browser/test_pages browser/test_reader browser/test_notebook

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

book: site ## build the website, serve it on this machine, and print its address
	@.venv/bin/python tools/serve.py

site: ## build the website into _build/html
	@tools/setup.sh book
	@.venv/bin/python tools/site.py

test: ## build the website, run every check and test, the browser's too, and tell where the minutes went
	@tools/timed.sh set-up $(MAKE) --no-print-directory ready
	@tools/timed.sh lint-and-site $(MAKE) --no-print-directory --jobs 2 lint site
	@tools/timed.sh tests $(PYTEST); status=$$?; .venv/bin/python tools/times.py; exit $$status

quick: lint ## before a commit: lint, types, the package, the interactive layer, and the workbench in a browser
	@tools/chromium.sh
	@SITE=none $(PYTEST) tests --ignore tests/book $(foreach test,$(LATER),--ignore tests/$(test).py)

ready:
	@(tools/chromium.sh debian; tools/fashion.sh) & tools/setup.sh book test && wait && tools/chromium.sh

lint: ## check style and types
	@tools/setup.sh book test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	.venv/bin/python tools/normalise_notebooks.py --check
	node_modules/.bin/biome lint --error-on-warnings
	node_modules/.bin/tsc

mutations: ready ## break the product on purpose, in some hundred and ninety ways, and see that the tests notice
	@.venv/bin/python tools/site.py
	@.venv/bin/python tools/mutations.py

notebooks: ## put the notebooks into the form in which they are stored
	@.venv/bin/python tools/normalise_notebooks.py

records: ## run the experiments whose records are missing or stale: make records [NAME …], a part, chapter or experiment
	@tools/setup.sh book $(if $(SCHEDULER),cluster,study)
	@.venv/bin/python tools/records.py $(filter-out records,$(MAKECMDGOALS))

weights: ## train the models that the book shows, and store their weights: make weights [NAME …]
	@tools/setup.sh book study
	@.venv/bin/python tools/weights.py $(filter-out weights,$(MAKECMDGOALS))

# The names that follow `records` or `weights` are not targets.
ifneq (,$(filter records weights,$(firstword $(MAKECMDGOALS))))
$(eval $(filter-out $(firstword $(MAKECMDGOALS)),$(MAKECMDGOALS)):;@:)
endif

transforms: ## compute the book's table of what PyTorch may do to the package
	@tools/setup.sh book test
	@.venv/bin/python -m tests.transforms

benchmark: ready ## measure sizes and speeds, and print them as tables
	@.venv/bin/python tools/site.py
	@.venv/bin/python -m benchmarks

address: ## make a copy of the book your own: make address ADDRESS=https://github.com/YOU/BOOK
	@$(or $(PYTHON),python3) tools/address.py "$(ADDRESS)"

clean: ## remove the built website and the notebook cache
	rm -rf _build
