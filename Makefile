# Nothing here installs anything but what cargo fetches, and what is built for
# one target is there for the others: all but bench and soak share the dev profile.

CARGO ?= cargo
FLEET := sample-data/fleet.csv
VINRICH := $(CARGO) run --quiet --locked --
LONG := $(CARGO) test --locked --test it -- --nocapture
SHOW := awk -f sample-data/show.awk
VPIC := $(CURDIR)/target-data/vpic.rkyv
WITH_VPIC := VINRICH_VENDORS__VPIC__DATA=$(VPIC)
READERS := target-data/warehouse
RIVALS := target-data/rivals
CLIENTS_AT := target-data/clients
MATURIN := target-data/maturin
# What the wheel is built with, and what a new environment installs it from.
MATURIN_VERSION := 1.16.0
PACKAGES := target-data/packages
ENGINES := target-data/engines
WHEEL_PROFILE ?= release
WHEELS ?= dist
ENGINE_ROWS ?= 20000
SOAKS := soak-growing soak-kills soak-rows soak-quota soak-disk soak-neighbours
SYSTEMS := x86_64-pc-windows-gnu aarch64-apple-darwin

.PHONY: help demo vpic-data test test-busy test-warehouse wheel test-wheel test-engines dist figures \
	lint systems bench bench-ci soak $(SOAKS)

help: ## what there is (this list)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: vpic-data ## enrich sample-data/fleet.csv into ./demo, with no key, no money and no network
	$(CARGO) build --locked
	@mkdir -p demo
	@echo
	@echo '$$ vinrich enrich $(FLEET) -o demo/fleet.csv --sandbox'
	@$(VINRICH) enrich $(FLEET) -o demo/fleet.csv --sandbox
	@echo
	@echo '$$ vinrich enrich $(FLEET) -o demo/fleet.parquet --sandbox --quiet'
	@$(VINRICH) enrich $(FLEET) -o demo/fleet.parquet --sandbox --quiet
	@echo
	@echo 'Every row of the input is a row of the output, in the same order. Some of the columns:'
	@echo
	@$(SHOW) -v rows=12 -v columns=vin,model_year,make,model,recall_campaign_count,listing_price,decode_status \
		demo/fleet.csv
	@echo
	@echo 'A row without a valid VIN costs no call, and says what is wrong with it:'
	@echo
	@$(SHOW) -v rows=5 -v where=vin_status=rejected -v columns=Unit,input_VIN,vin_status,vin_error,vin_suggestion \
		demo/fleet.csv
	@echo
	@if [ -s $(VPIC) ]; then \
		echo 'VINs are also decoded on this machine, by NHTSA'"'"'s data:'; echo; \
		echo '$$ vinrich decode 1HGCM82633A004352'; \
		$(WITH_VPIC) $(VINRICH) decode 1HGCM82633A004352; echo; \
	fi
	@echo 'The vehicles, recalls and prices in the files are made up by the sandbox. The files:'
	@echo '  demo/fleet.csv      all columns, as text'
	@echo '  demo/fleet.parquet  the same, typed'

vpic-data: ## fetch the offline decoder's data for demo and test, which do without them where there is no pip
	$(CARGO) build --locked
	@if $(WITH_VPIC) $(VINRICH) vpic status >/dev/null 2>&1; then exit 0; fi; \
	wheel=$$(mktemp -d); \
	if python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
			--dest "$$wheel" ultravin==3.0.2 \
		&& $(WITH_VPIC) $(VINRICH) vpic install --from "$$wheel"/ultravin-*.whl; then :; \
	else \
		echo 'the data of the offline decoder could not be fetched: it is not shown, and its tests pass by'; \
	fi; \
	rm -rf "$$wheel"

# Tests make and sync files by the thousand: where memory has room, their folders lie there.
# Unless told not to, nextest starts each test by way of itself, for the sake of Ctrl-Z.
test: vpic-data ## run every test (with cargo-nextest where it is installed)
	$(CARGO) test --locked --quiet --doc
	@room=$$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }'); \
	if [ -z "$$TMPDIR" ] && [ "$${room:-0}" -ge 4000000 ] && [ -w /dev/shm ]; then \
		TMPDIR=$$(mktemp -d /dev/shm/vinrich-tests.XXXXXX); export TMPDIR; chmod 1777 "$$TMPDIR"; \
		trap 'rm -rf "$$TMPDIR"' EXIT; trap 'exit 130' INT TERM; \
	fi; \
	export NEXTEST_DOUBLE_SPAWN=0; \
	if $(CARGO) nextest --version >/dev/null 2>&1; then \
		echo '$(CARGO) nextest run --locked'; $(CARGO) nextest run --locked; \
	else \
		echo '$(CARGO) test --locked --lib --bins --tests'; $(CARGO) test --locked --lib --bins --tests; \
	fi

# A test that needs an idle machine fails here. `yes` into nothing keeps a core busy.
test-busy: vpic-data ## run every test three times beside a load on every core: before a release
	$(CARGO) nextest run --locked --no-run
	@loads=; trap 'kill $$loads' EXIT; trap 'exit 130' INT TERM; \
	for core in $$(seq $$(nproc)); do yes >/dev/null & loads="$$loads $$!"; done; \
	for round in 1 2 3; do \
		echo "round $$round of 3, beside a load on every core"; \
		$(CARGO) nextest run --locked --no-fail-fast || exit 1; \
	done

# Anything but a failed fetch is a failure: the readers are pinned, and kept for the next time.
test-warehouse: ## read folders of outputs with pyarrow, pandas, Polars, DuckDB and Delta Lake
	$(CARGO) build --locked
	@if $(MAKE) --no-print-directory $(READERS)/installed; then \
		$(READERS)/bin/python tests/warehouse/check.py "$${CARGO_TARGET_DIR:-target}/debug/vinrich"; \
	else \
		echo 'test-warehouse was skipped: its readers could not be fetched'; \
	fi

$(READERS)/installed: tests/warehouse/requirements.txt
$(RIVALS)/installed: benches/enrich/requirements.txt
$(CLIENTS_AT)/installed: benches/enrich/clients.txt
$(READERS)/installed $(RIVALS)/installed $(CLIENTS_AT)/installed:
	@python3 -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 \
		--only-binary=:all: --requirement $<
	@touch $@

wheel: $(MATURIN)/installed-$(MATURIN_VERSION) ## build the Python wheel into dist/; WHEEL_PROFILE=dev builds sooner
	$(MATURIN)/bin/maturin build --quiet --profile $(WHEEL_PROFILE) --out $(WHEELS)
	@ls -1 $(WHEELS)/vinrich-*.whl

$(MATURIN)/installed-$(MATURIN_VERSION):
	@python3 -m venv --clear $(MATURIN)
	@$(MATURIN)/bin/python -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 \
		--only-binary=:all: maturin==$(MATURIN_VERSION)
	@touch $@

# As with the readers of test-warehouse, anything but a failed fetch is a failure.
test-wheel: ## install the wheel where nothing else is, and run the program and its package
	@if $(MAKE) --no-print-directory $(MATURIN)/installed-$(MATURIN_VERSION) $(PACKAGES)/fetched; then \
		rm -rf $(PACKAGES)/vinrich \
		&& $(MAKE) --no-print-directory wheel WHEEL_PROFILE=dev WHEELS=$(PACKAGES)/vinrich \
		&& python3 tests/wheel/check.py $(PACKAGES)/vinrich/vinrich-*.whl $(PACKAGES); \
	else \
		echo 'test-wheel was skipped: what it installs could not be fetched'; \
	fi

$(PACKAGES)/fetched: tests/wheel/requirements.txt
	@python3 -m pip download --quiet --disable-pip-version-check --retries 1 --timeout 20 \
		--only-binary=:all: --dest $(PACKAGES) --requirement $<
	@touch $@

test-engines: ## run the wheel's package in Spark and Sail; ENGINE_ROWS=1000000 takes longer
	@if $(MAKE) --no-print-directory $(MATURIN)/installed-$(MATURIN_VERSION) $(ENGINES)/installed; then \
		rm -rf $(PACKAGES)/vinrich \
		&& $(MAKE) --no-print-directory wheel WHEEL_PROFILE=dev WHEELS=$(PACKAGES)/vinrich \
		&& $(ENGINES)/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
			--force-reinstall $(PACKAGES)/vinrich/vinrich-*.whl \
		&& $(ENGINES)/bin/python tests/engines/check.py $(ENGINE_ROWS); \
	else \
		echo 'test-engines was skipped: its engines could not be fetched'; \
	fi

$(ENGINES)/installed: tests/engines/requirements.txt
	@python3 -m venv --clear $(ENGINES)
	@$(ENGINES)/bin/python -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 60 \
		--requirement $<
	@touch $@

dist: ## build the program that is handed out, with pages, licences and checksums, into dist/
	$(CARGO) build --release --locked
	python3 .ci/dist "$${CARGO_TARGET_DIR:-target}/release/vinrich"

figures: ## print the figures of the house: modules, imports, functions, lines
	@$(CARGO) test --locked --quiet --test it -- house::figures --nocapture

lint: ## check format, lints, documentation, and what the dependencies are
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --document-private-items
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		echo '$(CARGO) deny check bans licenses sources'; $(CARGO) deny --locked check bans licenses sources; \
		echo 'the advisories were not checked, they need a network: $(CARGO) deny check advisories'; \
	else \
		echo 'deny.toml was not checked: cargo-deny is not installed'; \
	fi

# Types are checked and nothing is linked: in the place of a C compiler for that system,
# which few machines have, `true` is enough.
systems: ## check that it compiles for Windows and macOS, where rustup has their targets
	@for system in $(SYSTEMS); do \
		name=$$(echo $$system | tr - _); \
		if [ ! -d "$$(rustc --print target-libdir --target $$system)" ]; then \
			echo "systems: $$system was not checked: rustup target add $$system"; \
		elif ! $(CARGO) fetch --quiet --locked --target $$system; then \
			echo "systems: $$system was not checked: its crates could not be fetched"; \
		else \
			echo "$(CARGO) check --locked --target $$system --lib --bins"; \
			env SDKROOT=/ CC_$$name=true CXX_$$name=true AR_$$name=true RUSTFLAGS='-D warnings' \
				$(CARGO) check --quiet --locked --target $$system --lib --bins || exit 1; \
		fi; \
	done

# VINRICH_BENCH_VINS and VINRICH_BENCH_PAIRS make it shorter, and so does
# ONLY='known first': the races whose names start so. docs/speed.md.
# CLIENTS=1 runs aiohttp and dlt at the first runs too, which take several times as long.
bench: ## measure vinrich beside DuckDB, a bare client and the offline decoder: a quarter of an hour
	@env -u VINRICH_BENCH_VINS -u VINRICH_BENCH_PAIRS $(MAKE) --no-print-directory vpic-data
	@if $(MAKE) --no-print-directory $(RIVALS)/installed; then rivals=$(RIVALS)/bin/python; \
	else echo 'DuckDB and the decoder'"'"'s own path are skipped: they could not be fetched'; fi; \
	clients=$(if $(CLIENTS),$(CLIENTS_AT)/bin/python); \
	if [ -n "$$clients" ]; then $(MAKE) --no-print-directory $(CLIENTS_AT)/installed || exit 1; fi; \
	VINRICH_BENCH_PYTHON=$$rivals VINRICH_BENCH_CLIENTS=$$clients $(CARGO) bench --locked --bench enrich -- $(ONLY)

# RECORD=--record writes the counts anew.
bench-ci: ## count the instructions of three paths, which may take 5 % more than was recorded
	$(CARGO) build --locked
	@bash benches/instructions/run.sh "$${CARGO_TARGET_DIR:-target}/debug/vinrich" $(RECORD)

# Each part can be run alone, and scaled by its variable: docs/RELIABILITY.md. They wait
# more than they work, so most of them run at once.
soak: ## the long forms of the tests, over an hour; VINRICH_SOAK_MINUTES=60 makes the last go on
	$(CARGO) test --locked --test it --no-run
	@$(MAKE) --no-print-directory -j 3 $(SOAKS)
	VINRICH_WRITES=10000 $(LONG) kills::crowd
	$(CARGO) bench --locked --bench soak

soak-growing:
	VINRICH_KILLS=10000 $(LONG) kills::growing

soak-kills:
	VINRICH_KILLS=1 $(LONG) kills::syscalls kills::acting

soak-rows:
	VINRICH_LONG=1 $(LONG) rows::stale::dead rows::inputs::sizes
	VINRICH_WIRE_CASES=150 $(LONG) conservation::wire
	VINRICH_DIALECTS=10000 $(LONG) rows::dialects

soak-quota:
	VINRICH_LONG=1 $(LONG) quota::processes
	VINRICH_NIGHTS=200 $(LONG) quota::fairness
	VINRICH_SCENES=400 $(LONG) money::foretold

soak-disk:
	VINRICH_SWEEP=12 $(LONG) disk::damage disk::broken_off disk::full disk::lost

soak-neighbours:
	VINRICH_STOPS=500 $(LONG) resume::suspended resume::neighbours
