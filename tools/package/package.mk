# What is installed, and where. `make install` lays out everything in a folder of its own (tools/package/layout), copies it, and writes down each file
# in $(DATADIR)/enclua/installed; `make uninstall` removes what stands there and nothing else.

DESTDIR ?=
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/enclua
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/vendor-completions
FISHCOMPDIR ?= $(DATADIR)/fish/vendor_completions.d
UNITDIR ?= $(PREFIX)/lib/systemd
INSTALL_DIRS := PREFIX BINDIR LIBEXECDIR DATADIR MANDIR DOCDIR BASHCOMPDIR ZSHCOMPDIR FISHCOMPDIR UNITDIR
# Programs of the build: those that people call, and those that programs call.
PROGRAMS += enclua
LIBEXEC_PROGRAMS += enclave keeper attest-helper

# How the one folder lies to the other is all that is compiled in, so a tree may be moved as a whole.
LIBEXEC_FROM_BIN := $(shell realpath -ms --relative-to="$(BINDIR)" "$(LIBEXECDIR)/enclua")
$O/gen/libexec: FORCE
	$Qmkdir -p $(@D)
	$Qecho '$(LIBEXEC_FROM_BIN)' | cmp -s - $@ || echo '$(LIBEXEC_FROM_BIN)' >$@
$O/obj/core/box/zygote.o: private ENCLUA_CFLAGS += -DENCLUA_LIBEXEC='"$(LIBEXEC_FROM_BIN)"'
$O/obj/core/box/zygote.o: $O/gen/libexec

INSTALL_ENV = O="$O" DESTDIR="$(DESTDIR)" PROGRAMS="$(PROGRAMS)" LIBEXEC_PROGRAMS="$(LIBEXEC_PROGRAMS)" $(foreach d,$(INSTALL_DIRS),$d="$($d)")

.PHONY: install install-strip uninstall deb sbom FORCE
install: all
	$Q$(INSTALL_ENV) tools/package/install

install-strip: all
	$Q$(INSTALL_ENV) STRIP=strip tools/package/install

# A package for the Debian that this was built on. SOURCE_DATE_EPOCH is the last commit's time, unless given.
deb: all
	$Qumask 022 && LUA_SRC="$(LUA_SRC)" LUA_VERSION=$(LUA_VERSION) $(INSTALL_ENV) tools/package/deb

# What is in it: build/enclua.spdx.json, SPDX 2.3, of what install-strip would put there.
sbom: all
	$QLUA_SRC="$(LUA_SRC)" LUA_VERSION=$(LUA_VERSION) LUA_SHA256=$(LUA_SHA256) $(INSTALL_ENV) STRIP=strip tools/package/sbom

uninstall:
	$Q$(INSTALL_ENV) tools/package/uninstall

FORCE:
