# The enclave: a static musl program of its own sources, base, seal and Lua's core. Its bytes are what is measured, so they depend on nothing
# but the sources and the compiler: no path, no date, no build id. Prerequisite: the Lua sources (make deps).

LUA_LEFT_OUT := loslib liolib loadlib ldblib linit lua luac ltests
LUA_FILES := $(sort $(filter-out $(LUA_LEFT_OUT),$(basename $(notdir $(wildcard $(LUA_SRC)/src/*.c)))))
ENCLAVE_SRC := $(sort $(wildcard core/enclave/*.c))
ENCLAVE_LIB_SRC := $(sort $(wildcard core/base/*.c core/seal/*.c))
LUALIB := $(sort $(wildcard lua/*.lua))
ENCLAVE_OBJ = $(patsubst %.c,$O/enclave-obj/%.o,$1)

# Debian's headers of libsodium and of the kernel come after musl's own.
ENCLAVE_CFLAGS := -std=c11 -D_GNU_SOURCE -Icore -I$O/gen -I$(LUA_SRC)/src -idirafter /usr/include
ENCLAVE_CFLAGS += -idirafter /usr/include/$(shell gcc -print-multiarch) $(WARN) -O2 -fno-pie -fstack-protector-strong
ENCLAVE_CFLAGS += -ffp-contract=off -fno-strict-aliasing -ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)=. -fno-ident
# Lua's own files are compiled as published; luahooks.h pins what would differ between machines.
LUA_CFLAGS := -std=c99 -O2 -ffp-contract=off -fno-pie -fno-stack-protector -ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)=. -fno-ident
LUA_CFLAGS += -include core/enclave/luahooks.h
ENCLAVE_LDFLAGS := -static -no-pie -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now

$O/mkfilter: core/box/mkfilter.c core/base/boxctl.h core/base/boxwire.h core/base/limits.h
	$(call say,CC,$<)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) $(CFLAGS) -o $@ $< $(shell $(PKG_CONFIG) --libs libseccomp)

$O/gen/filter.h: $O/mkfilter
	$(call say,GEN,$@)
	$Qmkdir -p $(@D)
	$Q$O/mkfilter >$@.new && mv $@.new $@

# A task has 1 MiB of C stack (serve.c), and a script can call what calls it back a hundred times deep.
$O/enclave-obj/core/enclave/%.o: core/enclave/%.c $O/gen/filter.h | $(LUA_SRC)/src/lua.h
	$(call say,MUSL,$<)
	$Qmkdir -p $(@D)
	$Q$(MUSL_CC) $(ENCLAVE_CFLAGS) -Wframe-larger-than=8192 -MMD -MP -c -o $@ $<

$O/enclave-obj/core/%.o: core/%.c
	$(call say,MUSL,$<)
	$Qmkdir -p $(@D)
	$Q$(MUSL_CC) $(ENCLAVE_CFLAGS) -MMD -MP -c -o $@ $<

$O/enclave-obj/lua/%.o: $(LUA_SRC)/src/%.c core/enclave/luahooks.h
	$(call say,LUA,$(notdir $<))
	$Qmkdir -p $(@D)
	$Q$(MUSL_CC) $(LUA_CFLAGS) -DLUA_FILE_$* -c -o $@ $<

$(LUA_SRC)/src/lua.h:
	@echo "$(LUA_SRC) is missing: run make deps" >&2; false

# The Lua library: every file's bytes between two symbols, and a table of them sorted by name.
$O/gen/lualib.S: $(LUALIB) core/enclave/enclave.mk
	$(call say,GEN,$@)
	$Qmkdir -p $(@D)
	$Qcore/enclave/mklualib $(LUALIB) >$@.new && mv $@.new $@

$O/enclave-obj/lualib.o: $O/gen/lualib.S
	$Qmkdir -p $(@D)
	$Q$(MUSL_CC) -c -o $@ $<

$O/enclave-obj/base.a: $(call ENCLAVE_OBJ,$(ENCLAVE_LIB_SRC))
	$Qrm -f $@ && ar rcsD $@ $^

$O/enclave-obj/lua.a: $(LUA_FILES:%=$O/enclave-obj/lua/%.o) | $(LUA_SRC)/src/lua.h
	$Qrm -f $@ && ar rcsD $@ $^

ENCLAVE_LINK = $(MUSL_CC) $(ENCLAVE_LDFLAGS) -s -o $@ $1 $O/enclave-obj/base.a $O/enclave-obj/lua.a \
	$(shell $(PKG_CONFIG) --variable=libdir libsodium)/libsodium.a -lm

$O/enclave: $(call ENCLAVE_OBJ,$(ENCLAVE_SRC)) $O/enclave-obj/lualib.o $O/enclave-obj/base.a $O/enclave-obj/lua.a
	$(call say,LINK,$@)
	$Q$(call ENCLAVE_LINK,$(filter %.o,$^))
