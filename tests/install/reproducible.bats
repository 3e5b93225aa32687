#!/usr/bin/env bats
# Two builds, the same bytes. One is the build of this run; the other is made here, in another folder, with another umask, language, time zone, order of work, and
# set of variables. Nothing is left out: programs with their debug information, all that is installed, packed iApps.

load helper
setup() {
	setup_place
	[ -z "$SAN" ] || skip "the sanitizers keep names of files"
	[ -d "$top/build/deps" ] || skip "make deps has not been run"
}
teardown() { teardown_place; }

# The sources alone, in an order of files that is not this folder's.
sources_copy() {
	mkdir -p "$1/build/deps"
	(cd "$top" && find Makefile README.md core iapps lua manifests tests tools build/deps/lua-* -type f ! -path 'tests/*/vectors/*' ! -path 'tests/vectors/*' ! -path 'tests/fuzz/corpus/*' | sort -r) |
		while read -r file; do install -D -m "$(stat -c %a "$top/$file")" "$top/$file" "$1/$file"; done
}

@test "built twice: the same programs, pages, completions, packed iApps" {
	other=$work/another/and-a-longer-folder
	sources_copy "$other"
	compiler=$(cut -d' ' -f1 "$build/gen/flags")
	(umask 077 && cd "$other" && env -i PATH="$PATH" HOME="$HOME" TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 USER=someone nice \
		make -s -j3 CC="$compiler" O="$(basename "$build")" all > "$work/said" 2>&1) || { tail -5 said; return 1; }
	built=$other/$(basename "$build")
	[ "$(sed "s|$other|$top|" "$built/gen/flags")" = "$(cat "$build/gen/flags")" ] || skip "this build has CFLAGS of its own"
	cmp "$build/enclua" "$built/enclua"
	cmp "$build/enclave" "$built/enclave"

	maker install DESTDIR="$work/here" PREFIX=/usr
	top=$other build=$built maker install DESTDIR="$work/there" PREFIX=/usr
	tree here > list.here
	tree there > list.there
	diff list.here list.there
	[ "$(wc -l < list.here)" -gt 100 ]

	says 0 "$enclua" init --no-passphrase
	for app in "$top"/iapps/*/; do
		says 0 "$enclua" app pack "$app" -o here.iapp
		(umask 077 && TZ=Pacific/Kiritimati says 0 "$built/enclua" app pack "$other/iapps/$(basename "$app")" -o there.iapp)
		cmp here.iapp there.iapp
		rm here.iapp there.iapp
	done
}
