# `make` alone prints the targets. Everything is installed below .venv from lock files with hashes.
.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help
help: ## Print the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
