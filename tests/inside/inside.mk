# The enclave's Lua side once more, by the host's compiler and without lock-down: what the unit tests, the sanitizers and the fuzzers look at.
# The same sources and the same hooks; malloc is the host's.
INSIDE_LEFT_OUT := main serve lockdown landlock fetch shim heap
INSIDE_SRC := $(filter-out $(INSIDE_LEFT_OUT:%=core/enclave/%.c),$(wildcard core/enclave/*.c))
INSIDE_FLAGS := -I$(LUA_SRC)/src -Itests/inside
INSIDE_LUA_CFLAGS := -std=gnu99 -O2 -g -include core/enclave/luahooks.h

$O/inside/%.o: %.c | $(LUA_SRC)/src/lua.h
	$(call say,CC,$<)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) $(INSIDE_FLAGS) $(CFLAGS) $(SAN_FLAGS) -MMD -MP -c -o $@ $<

$O/inside/lua/%.o: $(LUA_SRC)/src/%.c core/enclave/luahooks.h
	$Qmkdir -p $(@D)
	$Q$(CC) $(INSIDE_LUA_CFLAGS) -DLUA_FILE_$* $(SAN_FLAGS) -c -o $@ $<

$O/inside/lualib.o: $O/gen/lualib.S
	$Qmkdir -p $(@D)
	$Q$(CC) -c -o $@ $<

$O/inside.a: $(INSIDE_SRC:%.c=$O/inside/%.o) $(LUA_FILES:%=$O/inside/lua/%.o) $O/inside/lualib.o $O/inside/tests/inside/inside.o \
	$O/inside/tests/inside/worker.o
	$(call say,AR,$@)
	$Qrm -f $@ && ar rcs $@ $^

INSIDE_UNIT := $(filter $O/unit/test_enclave% $O/unit/test_lua%,$(UNIT))
$(INSIDE_UNIT): ENCLUA_CFLAGS += $(INSIDE_FLAGS)
$(INSIDE_UNIT): LIBS := $O/inside.a $O/core.a $(LIBS) -lm
$(INSIDE_UNIT): $O/inside.a

# Hostile scripts in the real box; the worker's side is the one of the tests above.
BOX_TESTS += $O/box/hostile $O/box/iapps_inside
check: $O/box/hostile $O/box/iapps_inside
$O/box/hostile: tests/box/hostile.c
$O/box/iapps_inside: tests/hostile/iapps_inside.c
$O/box/hostile $O/box/iapps_inside: $O/box/outside.o $O/inside.a $O/core.a | $O/enclave
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) $(INSIDE_FLAGS) -Itests/box $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $(filter tests/%.c,$^) $O/box/outside.o $O/inside.a \
		$O/core.a $(LIBS) -lm

$O/bench/lua_time: tests/bench/scripts/lua_time.c $O/inside.a $O/core.a | $O/enclave
	$(call say,BENCH,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) $(INSIDE_FLAGS) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $O/inside.a $O/core.a $(LIBS) -lm
bench: $O/bench/lua_time
