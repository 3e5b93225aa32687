#!/usr/bin/env bats
# The Debian package: what is in it, that the same source makes the same bytes, that it works where it is unpacked. With LONG=1 it is installed in
# a clean Debian too, and runs the main job there.

load helper
setup() {
	setup_place
	[ -z "$SAN" ] || skip "nobody packs a build for finding errors"
	command -v dpkg-shlibdeps > /dev/null || skip "no dpkg-dev"
	layers_allowed
	deb=$BATS_FILE_TMPDIR/enclua.deb
	[ -f "$deb" ] || { maker deb && cp "$(tail -1 said)" "$deb"; }
}
teardown() { teardown_place; }

@test "made again by somebody else, elsewhere in time, it is the same file" {
	SOURCE_DATE_EPOCH=1000000000 maker deb
	cp "$(tail -1 said)" other.deb
	run cmp "$deb" other.deb
	[ "$status" -eq 1 ]
	(umask 077 && TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 maker deb)
	cmp "$deb" "$(tail -1 said)"
	dpkg-deb -c other.deb | grep -q 2001-09-09
}

@test "what it says of itself, and what it needs" {
	dpkg-deb -f "$deb" > fields
	grep -qx "Package: enclua" fields
	grep -qx "Version: $("$enclua" version | grep -o '[0-9][0-9.]*' | head -1)" fields
	grep -qx "Architecture: $(dpkg --print-architecture)" fields
	grep -q '^Maintainer: .* <.*@.*>$' fields
	for library in libarchive13 libc6 libsodium23 libsqlite3-0 libyaml-0-2; do
		dpkg-deb -f "$deb" Depends | tr ',' '\n' | grep -qE "^ ?$library( |\$)" || { echo "$library"; dpkg-deb -f "$deb" Depends; return 1; }
	done
	dpkg-deb -f "$deb" Built-Using | grep -q 'libsodium (= .*musl (= '
	[ "$(dpkg-deb -f "$deb" Installed-Size)" -le 5000 ]
	dpkg-deb -c "$deb" > list
	[ -z "$(grep -v ' root/root ' list)" ]
	[ -z "$(grep -vE -e '^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) ' -e '^lrwxrwxrwx .* \./usr/bin/iapp-generator -> enclua$' list)" ]
}

@test "unpacked it holds what install lays out, sums that are right, notices of what is linked in, and runs" {
	dpkg-deb -R "$deb" root
	(cd root && md5sum -c --quiet DEBIAN/md5sums)
	(cd root && find lib usr -type f | sort) > files
	sed 's/^[0-9a-f]*  //' root/DEBIAN/md5sums | sort | cmp - files
	gzip -dc root/usr/share/man/man1/enclua-run-task.1.gz | cmp - <("$enclua" help --man run-task)
	gzip -dc root/usr/share/doc/enclua/changelog.gz | head -1 | grep -q '^enclua ('
	grep -q 'Copyright (C) 1994-.* Lua.org' root/usr/share/doc/enclua/copyright
	grep -q 'Rich Felker' root/usr/share/doc/enclua/copyright
	grep -q 'Frank Denis' root/usr/share/doc/enclua/copyright
	cmp root/usr/libexec/enclua/enclave "$build/enclave"
	says 0 root/usr/bin/enclua run-task root/usr/share/enclua/iapps/hello-world --arg name=Ada -o result
	grep -q Ada result/hello.txt
	find root -type f -print0 | xargs -0 cat > everything
	find root -name '*.gz' -exec gzip -dc {} + >> everything
	nothing_of_here everything
}

@test "lintian has nothing to say" {
	command -v lintian > /dev/null || skip "no lintian"
	lintian --allow-root --fail-on error,warning "$deb" > out 2>&1 || { cat out; return 1; }
	[ ! -s out ]
}

@test "a clean Debian: installed, the main job and the README's walk, removed" {
	[ -n "$LONG" ] || skip "takes minutes and a mirror; LONG=1 asks for it"
	[ "$(id -u)" -eq 0 ] || skip "debootstrap is for root"
	command -v debootstrap > /dev/null || skip "no debootstrap"
	"$top/tests/install/clean_debian" "$deb" > out 2>&1 || { tail -20 out; return 1; }
	grep -q "^Hello, Ada!" out
}
