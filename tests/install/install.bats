#!/usr/bin/env bats
# What make install puts where, that it works from there, and that make uninstall takes exactly that away again.

load helper
setup() { setup_place; layers_allowed; }
teardown() { teardown_place; }

@test "install, run from there, move, run again, uninstall" {
	maker install DESTDIR="$work/root" PREFIX=/usr
	root/usr/bin/enclua version | grep -q enclua
	root/usr/bin/iapp-generator version | grep -q iapp-generator
	mv root moved
	[ -x moved/usr/libexec/enclua/enclave ]
	mkdir elsewhere && cd elsewhere
	says 0 ../moved/usr/bin/enclua run-task ../moved/usr/share/enclua/iapps/hello-world --arg name=Ada -o result
	grep -q Ada result/hello.txt
	says 0 ../moved/usr/bin/iapp-generator init mine --yes
	says 0 ../moved/usr/bin/enclua run-task mine --arg name=Bob -o mine/out
	grep -q Bob mine/out/hello.txt
	says 0 ../moved/usr/bin/enclua --json doctor
	[ "$(jq -r .enclave out)" = "$work/moved/usr/libexec/enclua/enclave" ]
	cd ..
	maker uninstall DESTDIR="$work/moved" PREFIX=/usr
	[ -z "$(ls -A moved)" ] || { find moved; return 1; }
}

@test "the same files, with the same modes, whatever the umask" {
	for mask in 022 077; do
		(umask $mask && maker install DESTDIR="$work/$mask" PREFIX=/usr)
		tree "$mask" > "list.$mask"
	done
	cmp list.022 list.077
	[ -z "$(find 077 -type f ! -perm 644 ! -perm 755)" ]
	[ -z "$(find 077 -type d ! -perm 755)" ]
	[ "$(find 077 -type f -perm 755 -printf '%P\n' | sort | tr '\n' ' ')" = "usr/bin/enclua $(cd 077 && find usr/libexec -type f | sort | tr '\n' ' ')" ]
	[ -x 077/usr/libexec/enclua/enclave ]
}

@test "a manual page for every command and for no other, completions, samples, editor files, documents" {
	maker install DESTDIR="$work/root" PREFIX=/usr
	"$enclua" help --list | cmp - <(commands)
	{
		printf '%s\n' enclua.1 iapp-generator.1
		commands | tr ' ' - | sed 's/.*/enclua-&.1/'
		"$build/iapp-generator" help --list | tr ' ' - | sed 's/.*/iapp-generator-&.1/'
	} | sort > pages
	find root/usr/share/man/man1 -type f -size +0 -printf '%P\n' | sort | cmp - pages
	"$enclua" help --topics > topics
	[ "$(wc -l < topics)" -ge 7 ]
	while read -r topic; do "$enclua" help --man "$topic" | cmp - "root/usr/share/man/man${topic##*.}/enclua-$topic"; done < topics
	[ "$(find root/usr/share/man -type f | wc -l)" -eq $(($(wc -l < pages) + $(wc -l < topics))) ]
	cmp root/usr/share/bash-completion/completions/enclua <("$enclua" help --bash)
	cmp root/usr/share/zsh/vendor-completions/_enclua <("$enclua" help --zsh)
	cmp root/usr/share/fish/vendor_completions.d/enclua.fish <("$enclua" help --fish)
	cmp root/usr/share/bash-completion/completions/iapp-generator <("$build/iapp-generator" help --bash)
	diff -r "$top/iapps" root/usr/share/enclua/iapps
	diff -r "$top/lua/meta" root/usr/share/enclua/lua/meta
	cmp "$top/manifests/iapp.schema.json" root/usr/share/enclua/iapp.schema.json
	cmp "$top/README.md" root/usr/share/doc/enclua/README.md
	cmp "$top/core/seal/FORMAT.md" root/usr/share/doc/enclua/core/seal/FORMAT.md
	cmp "$top/tools/manual/tutorial.md" root/usr/share/doc/enclua/tools/manual/tutorial.md
}

@test "uninstall leaves what is not ours, and every folder that was there before" {
	mkdir -p root/usr/share/man/man1 root/usr/bin
	echo theirs > root/usr/share/man/man1/enclua-theirs.1
	maker install DESTDIR="$work/root" PREFIX=/usr
	echo theirs > root/usr/share/enclua/note
	maker uninstall DESTDIR="$work/root" PREFIX=/usr
	find root -mindepth 1 -printf '%P\n' | sort > left
	printf '%s\n' usr usr/bin usr/share usr/share/enclua usr/share/enclua/note usr/share/man usr/share/man/man1 usr/share/man/man1/enclua-theirs.1 | cmp - left
	run maker uninstall DESTDIR="$work/root" PREFIX=/usr
	[ "$status" -ne 0 ]
	grep -q "nothing is installed there" said
}

@test "installed over an older one: what is no longer ours goes, and uninstall still takes everything" {
	maker install DESTDIR="$work/root" PREFIX=/usr
	tree root > first
	echo "f share/man/man1/enclua-gone.1" >> root/usr/share/enclua/installed
	echo old > root/usr/share/man/man1/enclua-gone.1
	maker install DESTDIR="$work/root" PREFIX=/usr
	tree root | cmp - first
	maker uninstall DESTDIR="$work/root" PREFIX=/usr
	[ -z "$(ls -A root)" ] || { find root; return 1; }
}

@test "each folder can be chosen" {
	maker install DESTDIR="$work/root" PREFIX=/opt/e BINDIR=/opt/e/bin MANDIR=/man DOCDIR=/doc BASHCOMPDIR=/etc/bash ZSHCOMPDIR=/etc/zsh FISHCOMPDIR=/etc/fish
	[ -x root/opt/e/bin/enclua ]
	[ -s root/man/man1/enclua.1 ]
	[ -s root/doc/README.md ]
	[ -s root/etc/bash/enclua ]
	[ -s root/etc/zsh/_enclua ]
	[ -s root/etc/fish/enclua.fish ]
	maker uninstall DESTDIR="$work/root" PREFIX=/opt/e MANDIR=/nowhere
	[ -z "$(ls -A root)" ] || { find root; return 1; }
}

@test "nothing installed says where it was built" {
	[ -z "$SAN" ] || skip "the sanitizers keep names of files"
	maker install DESTDIR="$work/root" PREFIX=/usr
	find root -type f -print0 | xargs -0 cat > everything
	nothing_of_here everything
}

@test "installed size, without debug information: at most 5 MB" {
	[ -z "$SAN" ] || skip "not what is installed"
	maker install-strip DESTDIR="$work/root" PREFIX=/usr
	cmp "$build/enclave" root/usr/libexec/enclua/enclave
	says 0 root/usr/bin/enclua --json doctor
	[ "$(jq -r .ready out)" = true ]
	size=$(du -s --apparent-size -B1 root | cut -f1)
	echo "# $size bytes" >&3
	[ "$size" -le 5000000 ]
}
