#!/usr/bin/env bats
# iApp archives from the command line: packed, verified by us and by stock tools, and every refusal with its exit status.

load ../common

setup() {
	work=$(mktemp -d)
	export ENCLUA_HOME=$work/home XDG_DATA_HOME=$work/xdg HOME=$work
	unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE
	cd "$work" || return 1
	mkdir -p demo/lib
	printf 'api: 1\nname: demo\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\n' > demo/iapp.yaml
	printf 'return function(task) task.result:write("r", require("lib.two")) end\n' > demo/main.lua
	printf 'return "2"\n' > demo/lib/two.lua
}

teardown() {
	work_remove
}

# field NAME: the text of a member of the JSON on standard input
field() {
	sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

@test "pack writes NAME.iapp here, and verify says what it is and what that is worth" {
	run "$enclua" app pack demo
	[ "$status" -eq 0 ]
	[[ "$output" == *"written   demo.iapp"* ]]
	[ -f demo.iapp ]
	run "$enclua" app verify demo.iapp
	[ "$status" -eq 0 ]
	[[ "$output" == *"iApp      demo 1.0.0"* ]]
	[[ "$output" == *"signed by $("$enclua" key export me --minisign)"* ]]
	[[ "$output" == *"Whose key that is, this cannot say"* ]]
	run "$enclua" app verify demo.iapp --key "$("$enclua" key export me --minisign)"
	[ "$status" -eq 0 ]
	[[ "$output" != *"Whose key"* ]]
}

@test "h1 is what anybody computes from the files" {
	"$enclua" app pack demo
	list=$(cd demo && sha256sum iapp.yaml lib/two.lua main.lua)
	h1=h1:$(printf '%s\n' "$list" | openssl dgst -sha256 -binary | base64)
	"$enclua" --json app verify demo.iapp > v.json
	[ "$(field h1 < v.json)" = "$h1" ]
	[ "$(tar xOf demo.iapp MANIFEST)" = "$list" ]
}

@test "--json gives one object; without --key it says that no key was checked" {
	"$enclua" --json app pack demo -o d.iapp > pack.json
	grep -qF '"ok":true,"file":"d.iapp","h1":"h1:' pack.json
	"$enclua" --json app verify d.iapp > v.json 2> err.txt
	[ ! -s err.txt ]
	[ "$(wc -l < v.json)" -eq 1 ]
	key=$("$enclua" key export me --minisign)
	for part in '"key_checked":false' '"name":"demo"' '"version":"1.0.0"' '"summary":"made by a test"' "\"signers\":[\"$key\"]" '"files":3' \
		"\"size\":$(wc -c < d.iapp)"; do
		grep -qF "$part" v.json || { echo "missing $part"; cat v.json; return 1; }
	done
	"$enclua" --json app verify d.iapp --key "$key" | grep -qF '"key_checked":true'
	refuses 5 '"ok":false,"error":{"code":"E_INVALID"' "$enclua" --json app verify pack.json
}

@test "stock tools accept what is packed, for each signer" {
	"$enclua" init --no-passphrase
	"$enclua" key new alice --no-passphrase
	"$enclua" app pack demo --sign me --sign alice
	mkdir unpacked
	tar xf demo.iapp -C unpacked
	cd unpacked
	sha256sum -c --strict MANIFEST
	found=0
	for name in me alice; do
		key=$("$enclua" key export $name --minisign)
		for sig in MANIFEST*.minisig; do
			minisign -V -m MANIFEST -x "$sig" -P "$key" > /dev/null 2>&1 || continue
			printf 'untrusted comment: key\n%s\n' "$key" > key.pub
			signify-openbsd -V -q -p key.pub -m MANIFEST -x "$sig"
			found=$((found + 1))
		done
	done
	[ "$found" -eq 2 ]
	cmp main.lua ../demo/main.lua
	cmp lib/two.lua ../demo/lib/two.lua
	[ -z "$(find . -perm /111 -type f)" ]
}

@test "a folder that an archive was unpacked into is packed as if it were the author's" {
	"$enclua" init --no-passphrase
	"$enclua" key new alice --no-passphrase
	"$enclua" app pack demo -o one.iapp --sign me --sign alice
	mkdir unpacked
	tar xf one.iapp -C unpacked
	[ "$(ls unpacked/MANIFEST* | wc -l)" -eq 3 ]
	"$enclua" app pack unpacked -o two.iapp --sign alice --sign me
	cmp one.iapp two.iapp
}

@test "two builds are the same bytes: other umask, zone, locale, times, copies, order of signers" {
	"$enclua" init --no-passphrase
	"$enclua" key new alice --no-passphrase
	"$enclua" app pack demo -o one.iapp --sign me --sign alice
	mkdir elsewhere
	cp demo/main.lua demo/iapp.yaml elsewhere
	mkdir elsewhere/lib elsewhere/.git
	cp demo/lib/two.lua elsewhere/lib
	touch -d 2001-01-01 elsewhere/main.lua
	chmod 755 elsewhere/main.lua
	echo x > elsewhere/.git/config
	echo x > elsewhere/main.lua~
	(umask 077 && cd elsewhere && TZ=Asia/Tokyo LC_ALL=C.UTF-8 "$enclua" app pack . -o ../two.iapp --sign alice --sign me)
	cmp one.iapp two.iapp
}

@test "--key takes a key or a file of it, and refuses all others" {
	"$enclua" init --no-passphrase
	"$enclua" key new alice --no-passphrase
	"$enclua" app pack demo
	me=$("$enclua" key export me --minisign) alice=$("$enclua" key export alice --minisign)
	printf 'untrusted comment: mine\n%s\n' "$me" > me.pub
	"$enclua" app verify demo.iapp --key me.pub
	"$enclua" app verify demo.iapp --key "$alice" --key "$me"
	refuses 5 "none of the expected ones" "$enclua" app verify demo.iapp --key "$alice"
	refuses 5 "not a minisign public key" "$enclua" app verify demo.iapp --key not-there.pub
	"$enclua" app pack demo -o both.iapp --sign me --sign alice
	"$enclua" app verify both.iapp --key "$alice" --key "$me"
	refuses 5 "none of the expected ones" "$enclua" app verify both.iapp --key "$me"
	refuses 2 "named twice" "$enclua" app pack demo --sign me --sign me
	refuses 3 "no key is called bob" "$enclua" app pack demo --sign bob
}

@test "a stranger's repacking has the same h1, and --key tells it from the author's" {
	"$enclua" app pack demo -o mine.iapp
	ENCLUA_HOME=$work/stranger "$enclua" app pack demo -o theirs.iapp
	h1=$("$enclua" --json app verify mine.iapp | field h1)
	"$enclua" app verify theirs.iapp --h1 "$h1"
	refuses 5 "none of the expected ones" "$enclua" app verify theirs.iapp --h1 "$h1" --key "$("$enclua" key export me --minisign)"
}

@test "--h1 and --sha256 accept one archive" {
	"$enclua" app pack demo
	h1=$("$enclua" --json app verify demo.iapp | field h1)
	sha=$(sha256sum demo.iapp | cut -d' ' -f1)
	"$enclua" app verify demo.iapp --h1 "$h1" --sha256 "$sha"
	printf -- '-- changed\n' >> demo/main.lua
	"$enclua" app pack demo -o other.iapp
	refuses 5 "this is the iApp h1:" "$enclua" app verify other.iapp --h1 "$h1"
	refuses 5 "SHA-256 differs" "$enclua" app verify other.iapp --sha256 "$sha"
	refuses 2 "64 hexadecimal digits" "$enclua" app verify demo.iapp --sha256 123
}

@test "what is corrupt or too large is refused with 5, what is not there with 3" {
	"$enclua" app pack demo
	size=$(wc -c < demo.iapp)
	for at in 0 600 1100 2100 2700 $((size - 1)); do
		cp demo.iapp bent.iapp
		flip bent.iapp $at
		refuses 5 "bent.iapp: " "$enclua" app verify bent.iapp
	done
	for n in 1 1000 1024 $((size - 512)); do
		head -c "$n" demo.iapp > cut.iapp
		refuses 5 "cut.iapp: " "$enclua" app verify cut.iapp
	done
	gzip -k demo.iapp
	refuses 5 "not an iApp archive" "$enclua" app verify demo.iapp.gz
	tar cf plain.iapp -C demo .
	refuses 5 "plain.iapp: " "$enclua" app verify plain.iapp
	refuses 3 "cannot read none.iapp" "$enclua" app verify none.iapp
	truncate -s 65M large.iapp
	refuses 5 "large.iapp" "$enclua" app verify large.iapp
	run "$enclua" app verify $'no\e[31m.iapp'
	[[ "$output" != *$'\e'* ]]
}

@test "an archive by GNU tar with the author's own list and signature is not canonical" {
	"$enclua" app pack demo
	mkdir u
	tar xf demo.iapp -C u
	tar cf again.iapp --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=644 -b1 -C u MANIFEST MANIFEST.minisig iapp.yaml lib/two.lua main.lua
	refuses 5 "not canonical" "$enclua" app verify again.iapp
}

@test "a folder that is no iApp is not packed, and what stood at -o stays" {
	echo precious > out.iapp
	mkdir empty
	refuses 3 "empty has no iapp.yaml" "$enclua" app pack empty -o out.iapp
	refuses 3 "not-there" "$enclua" app pack not-there -o out.iapp
	printf 'limit: {}\n' >> demo/iapp.yaml
	refuses 5 'demo/iapp.yaml:6:1: unknown key "limit" in the manifest; did you mean "limits"?' "$enclua" app pack demo -o out.iapp
	sed -i '$d' demo/iapp.yaml
	ln -s /etc/passwd demo/passwd
	refuses 5 "demo/passwd is a link" "$enclua" app pack demo -o out.iapp
	rm demo/passwd
	printf '\033Lua' > demo/lib/two.lua
	refuses 5 "lib/two.lua is Lua bytecode" "$enclua" app pack demo -o out.iapp
	printf 'return 2\r\n' > demo/lib/two.lua
	refuses 5 "carriage return" "$enclua" app pack demo -o out.iapp
	printf 'return 2\n' > demo/lib/two.lua
	mv demo/main.lua demo/start.lua
	refuses 5 "the entry main.lua is not in the archive" "$enclua" app pack demo -o out.iapp
	[ "$(cat out.iapp)" = precious ]
	[ -z "$(find . -name '*.tmp*' -print -quit)" ]
	refuses 2 "" "$enclua" app pack
	refuses 2 "" "$enclua" app verify
}

@test "keys, archives, backups, tests and mock data stay at home" {
	mkdir demo/tests demo/mock demo/out
	for f in .secret me.key old.iapp p.policy main.lua~ a.swp a.orig test.lua tests/t.lua mock/m.csv out/r.txt lib/.hidden; do echo secret > "demo/$f"; done
	"$enclua" app pack demo
	[ "$(tar tf demo.iapp | tr '\n' ' ')" = "MANIFEST MANIFEST.minisig iapp.yaml lib/two.lua main.lua " ]
}

@test "a link planted in an archive leads nowhere: verify and run-task write nothing" {
	"$enclua" app pack demo
	mkdir u
	tar xf demo.iapp -C u
	ln -s /etc/passwd u/extra
	tar rf demo.iapp -C u extra
	refuses 5 "demo.iapp: " "$enclua" app verify demo.iapp
	refuses 5 "" "$enclua" run-task demo.iapp -o out
	[ ! -e out ]
	[ ! -e extra ]
}

@test "list and show tell what this home has run" {
	"$enclua" init --no-passphrase
	[ "$("$enclua" --json app list)" = '{"ok":true,"apps":[]}' ]
	"$enclua" app pack demo
	"$enclua" run-task demo.iapp -o out
	[ "$(cat out/r)" = 2 ]
	id=$("$enclua" --json app show demo | field id)
	"$enclua" app list | grep -q "^$id  demo 1.0.0  h1:"
	for name in demo "$id" "${id:0:14}"; do
		run "$enclua" app show "$name"
		[ "$status" -eq 0 ]
		[[ "$output" == *"lib/two.lua"*"11 bytes"* ]]
	done
	"$enclua" --json app show demo | grep -qF '"contents":[{"path":"iapp.yaml"'
	refuses 3 "no iApp nope" "$enclua" app show nope
	blob=$(grep -rl 'entry: main.lua' "$ENCLUA_HOME/blobs" | head -1)
	chmod u+w "$blob"
	flip "$blob" 2500
	refuses 5 "" "$enclua" app show demo
}
