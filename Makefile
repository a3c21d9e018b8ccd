# The project's commands. Each sets up what it lacks, and a second run does no work twice.
.DEFAULT_GOAL := help
.PHONY: help book site test lint notebooks benchmark clean

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

book: site ## build the website, serve it on this machine, and print its address
	@.venv/bin/python tools/serve.py

site: ## build the website into _build/html
	@tools/setup.sh book
	@.venv/bin/python tools/site.py

test: ## build the website and run every check and test, the browser's too
	@tools/setup.sh book test
	@tools/chromium.sh
	@$(MAKE) --no-print-directory lint
	@.venv/bin/python tools/site.py
	@.venv/bin/python -m pytest --numprocesses logical --dist loadgroup

lint: ## check style and types
	@tools/setup.sh book test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python tools/normalise_notebooks.py --check

notebooks: ## put the notebooks into the form in which they are stored
	@.venv/bin/python tools/normalise_notebooks.py

benchmark: ## measure sizes and speeds, and print them as tables
	@tools/setup.sh book test
	@tools/chromium.sh
	@.venv/bin/python tools/site.py
	@.venv/bin/python -m benchmarks

clean: ## remove the built website and the notebook cache
	rm -rf _build
