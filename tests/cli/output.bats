#!/usr/bin/env bats
# Results on stdout, whole or not at all; everything else on stderr.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

@test "success: the result on stdout, nothing on stderr" {
	says 0 "$enclua" version
	grep -qE '^enclua [0-9]+\.[0-9]+\.[0-9]+$' out
	[ ! -s err ]
	says 0 "$enclua" --version
	says 0 "$enclua" --json version
	one_object out
	jq -e '.ok == true and (.version | length > 0)' out > /dev/null
}

@test "a full disk is an error, not a success without output" {
	got=0; "$enclua" --home h init --no-passphrase > /dev/full 2> err || got=$?
	[ "$got" -eq 9 ]
	grep -q "standard output" err
	for words in version "help" "--json help" "key new --help" "--json version" "help --man" "key list"; do
		got=0
		# shellcheck disable=SC2086
		"$enclua" --home h $words > /dev/full 2> err || got=$?
		[ "$got" -eq 9 ] || { echo "$words: $got"; return 1; }
	done
}

@test "closed streams: an error for stdout, and no file takes their place" {
	got=0; "$enclua" version >&- 2> err || got=$?
	[ "$got" -ne 0 ]
	grep -q "standard output" err
	"$enclua" --home h init --no-passphrase <&- > /dev/null
	"$enclua" --home g init --no-passphrase 2>&- > /dev/null
	"$enclua" --home g key list <&- 2>&- | grep -q me
	got=0; "$enclua" qqqq 2>&- || got=$?
	[ "$got" -eq 2 ]
}

@test "a reader that has left ends the program as it ends any other, silently" {
	mkfifo pipe
	exec 7<> pipe
	{ got=0; env --default-signal=PIPE "$enclua" help 2> err || got=$?; echo "$got" > status; } > pipe 7>&- &
	exec 7>&-
	wait
	# Either it had written before the reader left, or it was ended by SIGPIPE: never an error message.
	grep -qE '^(0|141)$' status
	[ ! -s err ]
	got=0; bash -c '"$1" help 2> err; echo $? > status' - "$enclua" | true
	grep -qE '^(0|141)$' status
	[ ! -s err ]
}

@test "what names and files say cannot drive the terminal" {
	evil=$(printf 'e\033[31m\a\nvil')
	fails 2 '\x1b' "$enclua" "$evil"
	[ -z "$(tr -d '\n\40-\176' < err)" ]
	fails 2 "unknown option" "$enclua" "--$evil"
	[ -z "$(tr -d '\n\40-\176' < err)" ]
	fails 3 "" "$enclua" --home "$evil" data list
	[ -z "$(tr -d '\n\40-\176' < err)" ]
	says 2 "$enclua" --json "$evil"
	one_object err
}

@test "--quiet keeps remarks away, not results" {
	"$enclua" --home h init --no-passphrase --quiet > out 2> err
	grep -q enclua1 out
	[ ! -s err ]
}

@test "--verbose says where and how long, on stderr" {
	says 0 "$enclua" --home h --verbose init --no-passphrase
	grep -qE '^home h, [0-9.]+ ms$' err
	says 0 "$enclua" --home h --verbose --json key list
	[ ! -s err ]
	one_object out
}
