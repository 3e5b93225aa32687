#!/usr/bin/env bats
# Where the home is, how it is made, who acts in it.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

init() { "$enclua" "$@" init --no-passphrase > /dev/null; }

@test "--home, then ENCLUA_HOME, then XDG_DATA_HOME, then ~/.local/share" {
	init
	[ -f .local/share/enclua/store.db ]
	XDG_DATA_HOME=$work/xdg init
	[ -f xdg/enclua/store.db ]
	XDG_DATA_HOME=relative init --home a
	[ -f a/store.db ]
	export XDG_DATA_HOME=$work/other
	ENCLUA_HOME=$work/env init
	[ -f env/store.db ]
	ENCLUA_HOME=$work/unused init --home flag
	[ -f flag/store.db ]
	[ ! -e unused ]
	[ ! -e other ]
	[ ! -e relative ]
}

@test "XDG_DATA_HOME that is not absolute is ignored, as its specification says" {
	XDG_DATA_HOME=relative init
	[ -f .local/share/enclua/store.db ]
	[ ! -e relative ]
}

@test "init: what it makes is for nobody else" {
	umask 000
	says 0 "$enclua" --home h --json init --no-passphrase
	jq -e '.name == "me" and .sealed == false and (.identity | startswith("enclua1"))' out > /dev/null
	[ "$(stat -c %a h)" = 700 ]
	[ "$(stat -c %a h/keys)" = 700 ]
	[ "$(stat -c %a h/keys/me.key)" = 600 ]
	[ "$(stat -c %a h/keeper.key)" = 600 ]
	[ "$(stat -c %a h/store.db)" = 600 ]
}

# barred COMMAND…: as somebody for whom modes of files hold. Root without these two rights is one.
barred() {
	if [ "$(id -u)" -eq 0 ]; then setpriv --bounding-set=-dac_override,-dac_read_search "$@"; else "$@"; fi
}

@test "a home that cannot be read is called that, with its owner, and not one that is there; a file is called a file" {
	mkdir -m 0 shut
	for words in "init --no-passphrase" "data list" "key list" "key new ada --no-passphrase" "account show" "run-task app"; do
		# shellcheck disable=SC2086 # words
		fails 4 "the folder shut cannot be read: it belongs to you, and its mode forbids it" barred "$enclua" --home shut $words
		# shellcheck disable=SC2086 # words
		fails 4 "whether there is a home at shut/x cannot be seen" barred "$enclua" --home shut/x $words
	done
	grep -q "try: chmod u+rwx shut" err
	if [ "$(id -u)" -eq 0 ]; then
		chown 54321 shut
		fails 4 "the folder shut cannot be read: it belongs to the user 54321" barred "$enclua" --home shut init --no-passphrase
		chown daemon shut
		fails 4 "the folder shut belongs to daemon" barred "$enclua" --home shut/x init --no-passphrase
	fi
	chmod 700 shut
	[ -z "$(ls -A shut)" ]
	: > file
	fails 6 "file is a file, and a home is a folder" "$enclua" --home file init --no-passphrase
	fails 6 "file is a file, and a home is a folder" "$enclua" --home file data list
	[ ! -s file ]
}

@test "init again changes nothing" {
	init --home h
	find h -type f -exec sha256sum {} + | sort > before
	fails 6 "there is a home at h already" "$enclua" --home h init --no-passphrase
	find h -type f -exec sha256sum {} + | sort | cmp - before
}

@test "init finishes what was cut short, wherever it was cut" {
	for i in $(seq 1 40); do
		timeout -s KILL "0.00$((i % 10))" "$enclua" --home h init --no-passphrase > /dev/null 2>&1 || true
		says 0 "$enclua" --home h init --no-passphrase || fails 6 "already" "$enclua" --home h init --no-passphrase
		"$enclua" --home h key list | grep -q me
		"$enclua" --home h --json data list > /dev/null
		rm -rf h
	done
	init --home h
	rm h/book/checkpoint
	cp h/keys/me.key kept
	init --home h
	cmp h/keys/me.key kept
}

@test "a book that was published does not begin anew because its database is gone" {
	init --home h
	cp -a h kept
	rm h/store.db	# SQLite would delete the log, which holds nearly all
	fails 5 "store.db was lost" "$enclua" --home h init --no-passphrase
	cmp h/store.db-wal kept/store.db-wal
	cp -a kept/store.db h/
	"$enclua" --home h book verify > /dev/null
	rm h/store.db*
	fails 5 "rollback: the published checkpoint has 8 entries" "$enclua" --home h init --no-passphrase
	fails 5 "rollback" "$enclua" --home h protect "$top/README.md"
}

@test "init keeps an identity that was made before the home, and the chosen default" {
	"$enclua" --home h key new alice --no-passphrase > /dev/null
	init --home h
	"$enclua" --home h --json key list | grep -q alice
	"$enclua" --home h key list | grep '^\*' | grep -q alice
}

@test "init where it cannot be" {
	touch file
	says_not_zero() { got=0; "$@" > out 2> err < /dev/null || got=$?; [ "$got" -gt 0 ] && [ "$got" -le 10 ] && [ ! -s out ]; }
	says_not_zero "$enclua" --home file init --no-passphrase
	says_not_zero "$enclua" --home file/below init --no-passphrase
	says_not_zero "$enclua" --home /proc/nowhere init --no-passphrase
	says_not_zero "$enclua" --home "$(printf '%05000d' 1)" init --no-passphrase
	[ ! -s file ]
}

@test "no home: every command that needs one says where it looked and what to do" {
	for words in "data list" "task list" "data show x"; do
		# shellcheck disable=SC2086
		fails 3 "enclua init" "$enclua" --home nowhere $words
		grep -q nowhere err
	done
	[ ! -e nowhere ]
}

@test "who acts: --as, then ENCLUA_AS, then the default" {
	init --home h
	"$enclua" --home h key new bob --no-passphrase > /dev/null
	"$enclua" --home h key new eve --no-passphrase > /dev/null
	echo x > f.txt
	me=$("$enclua" --home h key show me | grep -o 'enclua1[a-z0-9]*' | head -1)
	bob=$("$enclua" --home h key show bob | grep -o 'enclua1[a-z0-9]*' | head -1)
	eve=$("$enclua" --home h key show eve | grep -o 'enclua1[a-z0-9]*' | head -1)
	export ENCLUA_HOME=$work/h
	"$enclua" --json protect f.txt --name one > /dev/null
	ENCLUA_AS=bob "$enclua" --json protect f.txt --name two > /dev/null
	ENCLUA_AS=bob "$enclua" --as eve --json protect f.txt --name three > /dev/null
	ENCLUA_AS='' "$enclua" --json protect f.txt --name four > /dev/null
	"$enclua" --json data show one | grep -q "$me"
	"$enclua" --json data show two | grep -q "$bob"
	"$enclua" --json data show three | grep -q "$eve"
	"$enclua" --json data show four | grep -q "$me"
	fails 3 "nobody" "$enclua" --as nobody protect f.txt
	says_not_zero() { got=0; "$@" > out 2> err < /dev/null || got=$?; [ "$got" -gt 0 ]; }
	says_not_zero "$enclua" --as ../me protect f.txt
}
