# Enclua. `make deps demo` installs what is needed, builds, and runs the main job; `make deps check` builds and runs every test.
# Variables: PREFIX DESTDIR (and BINDIR … in tools/package/package.mk) CC CFLAGS LDFLAGS PKG_CONFIG SAN=1 (ASan, UBSan) V=1 (show commands) LUA_TARBALL=FILE LUA=system

# `make deps X`: what deps brings (libraries, compilers, Lua's source) is looked for in a make of its own that starts when deps is done.
# What sudo made belongs to the one who called it, so that the next make needs no sudo.
AFTER_DEPS := $(if $(filter deps,$(MAKECMDGOALS)),$(filter-out deps,$(MAKECMDGOALS)))
ifneq ($(AFTER_DEPS),)
.PHONY: deps $(AFTER_DEPS)
deps:
	@LUA_TARBALL="$(LUA_TARBALL)" tools/deps
$(AFTER_DEPS): deps
	@$(MAKE) --no-print-directory $@; made=$$?; \
	[ -z "$$SUDO_UID" ] || [ ! -d build ] || chown -R "$$SUDO_UID:$${SUDO_GID:-$$SUDO_UID}" build*; exit $$made
else

PKG_CONFIG ?= pkg-config
MUSL_CC ?= musl-gcc
PROVE ?= prove
O ?= build$(if $(SAN),-san)$(if $(filter clang%,$(notdir $(CC))),-clang)

LUA_VERSION := 5.4.9
LUA_SHA256 := 2335b6c582a52654f94612bf10d2f4672805d05329aa6568b1d8cd9e5c6fb8e6
LUA_SRC := build/deps/lua-$(LUA_VERSION)

CFLAGS ?= -O2 -g $(if $(SAN),,-D_FORTIFY_SOURCE=2)
LDFLAGS ?= -Wl,-z,relro,-z,now
WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wconversion -Wpointer-arith -Wwrite-strings
ENCLUA_CFLAGS := -std=c11 -D_GNU_SOURCE -Icore -I$O/gen $(WARN) -fstack-protector-strong -fno-strict-aliasing -ffunction-sections
# Nothing in a program says in which folder or when it was built.
ENCLUA_CFLAGS += -ffile-prefix-map=$(CURDIR)=.
comma := ,
SAN_FLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
LIBS = $(shell $(PKG_CONFIG) --libs libsodium sqlite3 yaml-0.1 libseccomp)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $1 $2)

# Layers of the host side, in the order in which they may include one another (tests/tidy checks it).
LAYERS := base seal form book market host box trust node web
GENERATORS := core/box/mkfilter.c
CORE_SRC := $(sort $(filter-out $(GENERATORS),$(wildcard $(LAYERS:%=core/%/*.c))))
TOOL_SRC := $(sort $(wildcard tools/enclua/*.c))
ATTEST_SRC := $(sort $(wildcard tools/attest-helper/*.c))
REPLAY_SRC := $(sort $(wildcard tools/market-replay/*.c))
LOAD_SRC := $(sort $(wildcard tools/load/*.c))
OBJ = $(patsubst %.c,$O/obj/%.o,$1)

# LUA=system asks whether the machine's own Lua could stand in for the source that make deps fetches, and says why not.
ifeq ($(LUA),system)
all: lua-system
endif

.PHONY: all lua-system deps demo check bench fuzz lint coverage clean distclean
all: $(LUA_SRC)/src/lua.h $O/enclua $O/iapp-generator $O/enclave $O/keeper $O/attest-helper $O/market-replay

deps:
	@LUA_TARBALL="$(LUA_TARBALL)" tools/deps

demo: all
	@BUILD=$O tools/demo

lua-system: $O/lua_probe
	@echo "what is wrong with the Lua of this machine:"
	@$O/lua_probe || :
	@echo "The enclave is built from Lua $(LUA_VERSION) with its own seed, pivot and names compiled in, and so from source only:" >&2
	@echo "  make deps, then make without LUA=system" >&2
	@false

$O/lua_probe: tools/probe/lua_probe.c
	$(call say,CC,$<)
	$Q$(PKG_CONFIG) --exists lua5.4 || { echo "there is no lua5.4 for development here: apt-get install liblua5.4-dev" >&2; false; }
	$Qmkdir -p $(@D)
	$Q$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) $(shell $(PKG_CONFIG) --cflags lua5.4) -o $@ $< $(shell $(PKG_CONFIG) --libs lua5.4)

$O/enclua: $(call OBJ,$(TOOL_SRC)) $O/core.a
	$(call say,LINK,$@)
	$Q$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The projects that iapp-generator begins, and the annotations for their editors, are in the program.
$O/gen/templates.h: $(shell find tools/templates lua/meta -type f)
	$(call say,GEN,$@)
	$Qmkdir -p $(@D)
	$Qtools/templates/embed >$@.new && mv $@.new $@

$O/obj/tools/enclua/iapp_template.o: $O/gen/templates.h

# The same program under its other name.
$O/iapp-generator: | $O/enclua
	$(call say,LINK,$@)
	$Qln -sf enclua $@

# The topics of the manual, as strings: NAME.SECTION, a page each.
TOPICS := $(sort $(wildcard tools/manual/*.[1-9]))
$O/gen/topics.h: $(TOPICS) tools/manual/embed
	$(call say,GEN,$@)
	$Qmkdir -p $(@D)
	$Qtools/manual/embed $(TOPICS) >$@.new && mv $@.new $@

$O/obj/tools/enclua/topics.o: $O/gen/topics.h

# The keeper knows the bytes of the enclave that it was built with.
$O/gen/measurement.h: $O/enclave
	$(call say,GEN,$@)
	$Qmkdir -p $(@D)
	$Qprintf '#define ENCLAVE_MEASUREMENT { %s }\n' "$$(sha256sum $< | cut -c 1-64 | sed 's/../0x&, /g')" >$@.new && mv $@.new $@

$O/obj/tools/keeper/main.o: $O/gen/measurement.h

$O/keeper: $O/obj/tools/keeper/main.o $O/core.a
	$(call say,LINK,$@)
	$Q$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Evidence of TPMs and confidential VMs: the only program that is linked with OpenSSL.
$O/attest-helper: $(call OBJ,$(ATTEST_SRC)) $O/core.a
	$(call say,LINK,$@)
	$Q$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libcrypto)

# Scenarios of the market against the same rules: tools/market-replay/main.c says how.
$O/market-replay: $(call OBJ,$(REPLAY_SRC)) $O/core.a
	$(call say,LINK,$@)
	$Q$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Many at once on one home, and what becomes of it: tools/load/main.c. Its judgement moves the clock, so that claims need not be waited for.
$O/load: $(call OBJ,$(LOAD_SRC)) $O/core.a
	$(call say,LINK,$@)
	$Q$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -Wl,--wrap=os_time -o $@ $^ $(LIBS)

$O/core.a: $(call OBJ,$(CORE_SRC))
	$(call say,AR,$@)
	$Qrm -f $@ && ar rcsD $@ $^

$O/obj/%.o: %.c $O/gen/flags
	$(call say,CC,$<)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) $(CFLAGS) $(SAN_FLAGS) -MMD -MP -c -o $@ $<

# Static checks; what was clean and did not change is not looked at again.
lint: $O/gen/templates.h $O/gen/topics.h $O/gen/measurement.h $O/gen/filter.h
	$QO=$O $(PROVE) --timer --exec tests/run tests/lint/run

# Which lines and branches the tests reach: tests/COVERAGE.md.
coverage:
	$Qtests/coverage/run $(TESTS)

# Other flags, other objects.
FLAGS = $(filter-out -I$O/gen,$(CC) $(ENCLUA_CFLAGS) $(CFLAGS) $(SAN_FLAGS))
$O/gen/flags: FORCE
	$Qmkdir -p $(@D)
	$Qecho '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || echo '$(subst ','\'',$(FLAGS))' >$@

include core/enclave/enclave.mk
include tests/tests.mk
include tests/inside/inside.mk
include tests/fuzz/fuzz.mk

include tools/package/package.mk

clean:
	rm -rf build-san build-clang build-san-clang build-cov
	[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} +

distclean: clean
	rm -rf build

-include $(shell find $O -name '*.d' 2>/dev/null)

endif
