#!/usr/bin/env bats
# What make install puts where, that it works from there, and that make uninstall takes it away again.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

# The build of this run, as it is: nothing should have to be made again.
installer() { env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$top" O="$build" "$@" > said 2>&1 || { cat said; return 1; }; }

@test "install, run from there, move, run again, uninstall" {
	installer DESTDIR="$work/root" PREFIX=/usr install
	root/usr/bin/enclua version | grep -q enclua
	mv root moved
	[ -x moved/usr/libexec/enclua/enclave ]
	says 0 moved/usr/bin/enclua run-task moved/usr/share/enclua/iapps/hello-world --arg name=Ada -o result
	grep -q Ada result/hello.txt
	says 0 moved/usr/bin/enclua --json doctor
	[ "$(jq -r .enclave out)" = "$work/moved/usr/libexec/enclua/enclave" ]
	mv moved root
	installer DESTDIR="$work/root" PREFIX=/usr uninstall
	[ -z "$(find root -type f)" ] || { find root -type f; return 1; }
}

@test "a manual page for every command, completions for bash" {
	installer DESTDIR="$work/root" PREFIX=/usr install
	"$enclua" help --list | cmp - <(commands)
	while read -r command; do
		[ -s "root/usr/share/man/man1/enclua-${command// /-}.1" ] || { echo "$command"; return 1; }
	done < <(commands)
	[ -s root/usr/share/man/man1/enclua.1 ]
	bash -n root/usr/share/bash-completion/completions/enclua
}
