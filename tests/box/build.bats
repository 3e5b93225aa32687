# The enclave program as a build product: the same bytes from another folder, nothing in it that it must not have, and a page that tells the truth.

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	B=${BUILD:-build}
	cd "$top"
	scratch=$(mktemp -d)
}

teardown() {
	rm -rf "$scratch"
}

@test "the same sources give the same enclave, whatever the folder" {
	mkdir -p "$scratch/a longer path/tree/build"
	cp -R Makefile core lua tests tools "$scratch/a longer path/tree/"
	cp -R build/deps "$scratch/a longer path/tree/build/"
	mv "$scratch/a longer path/tree" "$scratch/tree"
	(cd "$scratch/tree" && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u SAN -u CC -u O make -s -j2 build/enclave >/dev/null)
	cmp "$scratch/tree/build/enclave" "$B/enclave"
}

@test "the enclave is static, at a fixed address, without an executable stack" {
	run readelf -lW "$B/enclave"
	[[ $output == *"EXEC (Executable file)"* ]]
	[[ $output != *INTERP* && $output != *DYNAMIC* ]]
	[[ $output =~ GNU_STACK[^$'\n']*" RW " ]]
	[[ ! $output =~ LOAD[^$'\n']*" RWE " ]]
}

@test "no path of this machine is in the enclave" {
	run grep -c -a -e "$top" -e "$HOME" "$B/enclave"
	[ "$output" = 0 ]
}

@test "Lua's doors to the world are not in the enclave: no os, io, package, debug" {
	for word in popen tmpfile setlocale dlopen 'package.cpath' LUA_PATH sethook getuservalue; do
		run grep -c -a -F -e "$word" "$B/enclave"
		[ "$output" = 0 ]
	done
}

@test "a missing Lua source says what to do" {
	cp -R Makefile core lua tests tools "$scratch/"
	cd "$scratch"
	run env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u SAN -u CC -u O make -s build/enclave
	[ "$status" -ne 0 ]
	[[ $output == *"run make deps"* ]]
}

@test "core/box/BOX.md shows the filter that is built" {
	diff <("$B/mkfilter" --table) <(sed -n '/<!-- build\/mkfilter/,/<!-- end/p' core/box/BOX.md | sed '1d;$d')
}
