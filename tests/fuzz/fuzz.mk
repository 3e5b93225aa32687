# Fuzzers: tests/fuzz/run calls this file through the Makefile with O=<build>/fuzz, clang and the flags of libFuzzer, so that core, enclave and Lua are built once for all.
# What a target needs beyond the core stands here; everything else follows from its name.

FUZZ_NAMES ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_LINK ?= -fsanitize=fuzzer

# The enclave's own state: its sources and its Lua as the unit tests have them.
FUZZ_INSIDE := lua_api data policy_lua
# Its modules over Lua as published, whose allocator is malloc.
FUZZ_LUA := csv_windows json_both lua_csv lua_json matrix
fuzz_csv_windows_PARTS := csv lua_csv dense lua_dense lua_vec number textbuf
fuzz_lua_csv_PARTS := csv lua_csv stream number textbuf dense lua_dense lua_vec lua_matrix
fuzz_lua_json_PARTS := lua_json lua_json_write number textbuf
fuzz_json_both_PARTS := $(fuzz_lua_json_PARTS)

fuzz_attest_helper_OBJ := $(patsubst %,$O/obj/tools/attest-helper/%.o,marshal quote challenge tdx snp platform ec x509)
fuzz_attest_helper_FLAGS := -Itools/attest-helper
fuzz_attest_helper_LIBS := -lcrypto
fuzz_tar_LIBS := -larchive
fuzz_keeper_serve_LIBS := -Wl,--wrap=attest_verify -Wl,--wrap=os_time -lcmocka
fuzz_market_OBJ := $(patsubst %,$O/obj/tools/market-replay/%.o,command dump ops session)
fuzz_market_FLAGS := -Itools/market-replay
fuzz_lua_api_FLAGS := -DFUZZ_META='"$O/gen/meta.lua"'
fuzz_lua_api_LIBS := -Wl,--wrap=json_reader_new -Wl,--wrap=json_reader_free
fuzz_policy_lua_LIBS := $(fuzz_lua_api_LIBS)
fuzz_replica_LIBS := -Wl,--wrap=entry_open

$(FUZZ_LUA:%=$O/fuzz_%): $(HOST_LUA)
$(FUZZ_INSIDE:%=$O/fuzz_%): $O/inside.a
$(foreach n,$(FUZZ_LUA),$(eval fuzz_$n_FLAGS := -I$(LUA_SRC)/src) $(eval fuzz_$n_OBJ := $(fuzz_$n_PARTS:%=$O/inside/core/enclave/%.o) $(HOST_LUA)) \
	$(eval fuzz_$n_LIBS := -lm) $(eval $O/fuzz_$n: $(fuzz_$n_PARTS:%=$O/inside/core/enclave/%.o)))
$(foreach n,$(FUZZ_INSIDE),$(eval fuzz_$n_FLAGS += $(INSIDE_FLAGS)) $(eval fuzz_$n_OBJ += $O/inside.a) $(eval fuzz_$n_LIBS += -lm))
$(foreach n,$(FUZZ_NAMES),$(eval $O/fuzz_$n: $(filter %.o,$(fuzz_$n_OBJ))))

$O/fuzz_%: tests/fuzz/fuzz_%.c $O/core.a tests/fuzz/fuzz.mk
	$(call say,FUZZ,$@)
	$Q$(CC) -std=c11 -D_GNU_SOURCE -Icore -Itests -I$O/gen $($(notdir $@)_FLAGS) $(CFLAGS) $(SAN_FLAGS) $(FUZZ_LINK) -MMD -MP -o $@ $< \
		$($(notdir $@)_OBJ) $O/core.a $($(notdir $@)_LIBS) $(LIBS) >$@.log 2>&1 || { cat $@.log >&2; rm -f $@; false; }

.PHONY: fuzzers
fuzzers: $(FUZZ_NAMES:%=$O/fuzz_%)

# Lua's own comparisons are not what inputs are to be steered by; to record them takes a third of the time.
$O/inside/lua/%.o: INSIDE_LUA_CFLAGS += $(FUZZ_LUA_FLAGS)

# A program that is part of a target.
$O/fuzz_lua_api: tests/fuzz/lua_api.lua tests/fuzz/lua_meta.lua $O/gen/meta.lua
$O/gen/meta.lua: $(wildcard lua/meta/*.lua)
	$Qmkdir -p $(@D)
	$Qcat $^ >$@
