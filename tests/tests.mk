# Tests: cmocka programs and bats files through one runner (prove), so that every result is counted.
# A unit test that needs a .c file's inside includes that file and is linked with the rest of the core.

UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT := $(UNIT_SRC:tests/unit/%.c=$O/unit/%)
BATS := $(wildcard tests/*/*.bats)
BOX_TESTS := $(patsubst %,$O/box/%,syscalls attacks life)
EXTRA_TESTS += $O/load $O/policy/ask $O/policy/decide $O/market/simulate $O/money/driver $(patsubst %,$O/deal/%,enter deal liar) $(patsubst %,$O/book/%,verify foreign make_log our_verify crash)
include tests/trust/trust.mk
include tests/faults/faults.mk
TEST_TIMEOUT ?= 900

test_age_vectors_LIBS := -lz
test_ustar_LIBS := -larchive
test_tar_LIBS := -Wl,--wrap=dlopen
test_iapp_evil_LIBS := -lz
test_worker_LIBS := $(patsubst %,-Wl$(comma)--wrap=%,os_time book_append book_append_one os_file_replace)
test_alloc_LIBS := -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
test_export_fault_LIBS := -Wl,--wrap=write -Wl,--wrap=fsync -Wl,--wrap=rename -Wl,--wrap=mkdir
deal_time_LIBS := $(patsubst %,-Wl$(comma)--wrap=%,os_time entry_sign entry_open store_begin book_head_load book_apply book_entry_insert book_head_store store_end)
keeper_time_LIBS := $(patsubst %,-Wl$(comma)--wrap=%,book_checkpoint_passing keeper_message_begin keeper_message_receive book_append attest_evidence)
replica_time_LIBS := $(patsubst %,-Wl$(comma)--wrap=%,os_time entry_open book_entry_known book_apply book_entry_insert book_head_store store_begin store_end)
test_keeper_serve_LIBS := -Wl,--wrap=book_append
test_host_LIBS := -Wl,--wrap=os_time
test_book_layout_LIBS := -Wl,--wrap=os_time
growth_time_LIBS := -Wl,--wrap=os_time
test_replica_LIBS := -Wl,--wrap=os_time
test_book_replica_LIBS := -Wl,--wrap=os_time
test_book_memory_LIBS := -Wl,--wrap=os_time
test_host_receipt_LIBS := -Wl,--wrap=os_time
test_host_receipt_keys_LIBS := -Wl,--wrap=os_time
test_host_rules_LIBS := -Wl,--wrap=os_time
test_question_LIBS := -Wl,--wrap=os_time
test_policy_LIBS := -Wl,--wrap=box_run
test_host_trust_LIBS := -Wl,--wrap=os_time
test_host_release_LIBS := -Wl,--wrap=os_time
test_host_budget_LIBS := -Wl,--wrap=os_time

# Lua for tests on the host: the published sources as they are, with all of Lua's own libraries. A test that links it says so below.
HOST_LUA := $O/host-lua/liblua.a
HOST_LUA_OBJ := $(patsubst %,$O/host-lua/%.o,$(filter-out lua luac,$(basename $(notdir $(wildcard $(LUA_SRC)/src/*.c)))))
$O/host-lua/%.o: $(LUA_SRC)/src/%.c
	$Qmkdir -p $(@D)
	$Q$(CC) -std=c99 -DLUA_USE_POSIX $(CFLAGS) $(SAN_FLAGS) -c -o $@ $<
$(HOST_LUA): $(HOST_LUA_OBJ) | $(LUA_SRC)/src/lua.h
	$Qrm -f $@ && ar rcs $@ $^

test_lua_matrix_CFLAGS := -I$(LUA_SRC)/src -ffp-contract=off -Wno-unused-function
test_lua_matrix_LIBS := $(HOST_LUA) -lm
$O/unit/test_lua_matrix: $(HOST_LUA)

$O/unit/%: tests/unit/%.c $O/core.a
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) -Itests $($(notdir $@)_CFLAGS) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $($(notdir $@)_OBJ) $O/core.a $($(notdir $@)_LIBS) $(LIBS) -lcmocka

# Hostile files and surroundings: a runner for each folder.
HOSTILE_FILES := $(wildcard tests/hostile/*/run)
EXTRA_TESTS += $O/hostile/files
$O/hostile/files: tests/hostile/files.c $O/core.a $(HOST_LUA)
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) -I$(LUA_SRC)/src $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/core.a $(HOST_LUA) -lm $(LIBS)

check: all $(UNIT) $(BOX_TESTS) $(TRUST_TESTS) $(EXTRA_TESTS) $(FAULTS)
	@missing=$$($O/enclua --json doctor | jq -r '.layers | to_entries | map(select(.value | not) | .key) | join(",")'); \
	[ -z "$$missing" ] || echo "NOTE: no box here has $$missing (a container or a chroot?); what these layers stop is not tested"; \
	export ENCLUA_ALLOW_MISSING_LAYER=$$missing; \
	BUILD=$O SAN=$(SAN) $(PROVE) -j2 --timer --exec tests/run tests/tidy tests/manual/errors tests/manual/claims tests/lua/run tests/market/run tests/market/random tests/market/poco/run tests/policy/run $O/market/simulate tests/hostile/iapps.sh tests/hostile/policies.py tests/money/run tests/faults/run $(HOSTILE_FILES) $(if $(SAN),tests/fuzz/run) $(UNIT) $(BOX_TESTS) $(TRUST_TESTS) $O/book/crash $(BATS)

bench: all
	$QBUILD=$O tests/bench/run

$O/bench/%: tests/bench/%.c $O/core.a
	$(call say,BENCH,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) -Itests $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/core.a $($(notdir $@)_LIBS) $(LIBS)

# T seconds for each target; NAMES="json note": only these. Two seconds each are part of `make SAN=1 check`.
fuzz:
	$QO=$O FUZZ_SECONDS=$(or $(T),$(FUZZ_SECONDS),60) tests/fuzz/run $(NAMES)

# Programs that are run as an enclave by the tests: the real lock-down around another inside.
BOX_PARTS := $(addprefix $O/enclave-obj/core/enclave/,fetch.o landlock.o lockdown.o serve.o shim.o)

$O/enclave-obj/tests/%.o: tests/%.c $O/gen/filter.h
	$(call say,MUSL,$<)
	$Qmkdir -p $(@D)
	$Q$(MUSL_CC) $(ENCLAVE_CFLAGS) -MMD -MP -c -o $@ $<

$O/enclave-obj/tests/box/attacker-bare.o: tests/box/attacker.c $O/gen/filter.h
	$(call say,MUSL,$<)
	$Qmkdir -p $(@D)
	$Q$(MUSL_CC) $(ENCLAVE_CFLAGS) -DBARE -MMD -MP -c -o $@ $<

$O/box/attacker $O/box/attacker-bare: $O/box/%: $O/enclave-obj/tests/box/%.o $(BOX_PARTS) $O/enclave-obj/base.a $O/enclave-obj/lua.a
	$(call say,LINK,$@)
	$Qmkdir -p $(@D)
	$Q$(call ENCLAVE_LINK,$(filter %.o,$^))

$O/box/hello: $O/enclave-obj/tests/box/hello.o $O/enclave-obj/core/enclave/main.o $(BOX_PARTS) $O/enclave-obj/base.a $O/enclave-obj/lua.a
	$(call say,LINK,$@)
	$Qmkdir -p $(@D)
	$Q$(call ENCLAVE_LINK,$(filter %.o,$^))

$O/box/outside.o: tests/box/outside.c
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) -Itests/box $(CFLAGS) $(SAN_FLAGS) -MMD -MP -c -o $@ $<

$(BOX_TESTS): $O/box/%: tests/box/%.c $O/box/outside.o $O/core.a | $O/box/hello $O/box/attacker $O/box/attacker-bare
	$(call say,TEST,$@)
	$Q$(CC) $(ENCLUA_CFLAGS) -Itests/box $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/box/outside.o $O/core.a $(LIBS)
$O/unit/test_layers $O/unit/test_measure: | $O/box/hello
$O/unit/test_policy: | $O/enclave

$O/bench/box_time: tests/bench/box_time.c $O/core.a $O/enclave
	$(call say,BENCH,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) -Itests $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/core.a $(LIBS)

# A verifier and a log by Go's own packages, as Debian has them: without modules and without a network.
GO := GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode GOCACHE=$(abspath $O)/go-cache go
$O/book/verify $O/book/foreign: $O/book/%: tests/book/%.go
	$(call say,GO,$@)
	$Qmkdir -p $(@D)
	$Q$(GO) vet $< && $(GO) build -o $@ $<

# Crashes: the calls that change a folder are taken over in the test itself, so that SQLite's are too.
$O/book/crash: $(call OBJ,$(patsubst %,tests/book/%.c,crash faults disk)) $O/core.a
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$O/market/simulate: tests/market/simulate.c $O/core.a
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) -Itests $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/core.a $(LIBS)

# Real processes: what they ask a market for, and the program with a lie in it.
$O/deal/deal: tests/deal/deal.c $O/core.a
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) -Itests $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/core.a $(LIBS)
$O/deal/liar: tests/deal/liar.c $(call OBJ,$(TOOL_SRC)) $O/core.a
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -Wl,--wrap=work_run -MMD -MP -o $@ $^ $(LIBS)
	$Qln -sf ../enclave $(@D)/enclave
	$Qln -sf ../keeper $(@D)/keeper

# Policies in real boxes: behind a pipe (tests/policy/run has the cases), and as a keeper asks them.
$O/policy/%: tests/policy/%.c $O/core.a | $O/enclave
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/core.a $(LIBS)

# Money: the ledger behind a pipe; tests/money/run holds it against model.py.
$O/money/driver: tests/money/driver.c $O/core.a
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/core.a $(LIBS)

$O/deal/enter: tests/deal/enter.c $O/core.a
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/core.a $(LIBS)

$O/book/%: tests/book/%.c $O/core.a
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) -Itests $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/core.a $(LIBS)
