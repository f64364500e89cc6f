# Two commands are all that a fresh Debian 12 with the Swift toolchain needs: `make run` and `make test`.
# What else is missing, scripts/setup brings by apt.

.PHONY: help setup run test bench dist lint docs

# The release build of the command, with the embedded store alone: nothing else is resolved or built.
RELEASE = swift build -c release --product holdfast --disable-default-traits --traits SQLite --scratch-path .build-run

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

setup: ## Install by apt what is missing, and check the toolchain.
	@scripts/setup

run: setup ## Build the command and show three processes that contend for one key.
	$(RELEASE)
	@scripts/demo .build-run/release/holdfast

test: setup ## Every check: lint, build, tests, ThreadSanitizer, documentation, the example.
	@scripts/test

bench: setup ## Measure the release build, and print a table.
	$(RELEASE)
	@scripts/bench .build-run/release/holdfast

dist: setup ## Build dist/holdfast, static and stripped, and say its size and start-up time.
	@scripts/dist

lint: ## Check the format of all Swift code.
	@scripts/test lint

docs: ## Build the documentation, warnings as errors.
	@scripts/test docs
