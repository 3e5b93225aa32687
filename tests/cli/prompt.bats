#!/usr/bin/env bats
# Questions: on a terminal only, never with --json; and the terminal gets its echo back.

load helper
setup() { setup_place; export ENCLUA_HOME=$work/h TERM=xterm; }
teardown() { teardown_place; }

terminal() { python3 "$top/tests/protect/on_terminal" "$@"; }

@test "without a terminal: no question, and the flag that answers" {
	fails 2 "--passphrase-file FILE" timeout 10 setsid -w "$enclua" init
	fails 2 "there is no terminal" timeout 10 setsid -w "$enclua" key new bob
	[ ! -e h/store.db ]
}

@test "with --json: no question, even on a terminal" {
	got=0; terminal -- timeout 10 "$enclua" --json init > out || got=$?
	[ "$got" -eq 2 ]
	grep -q '"E_USAGE"' out
}

@test "on a terminal: asked twice, not shown; a difference is refused" {
	got=0; terminal 'correct horse' 'correct hose' -- "$enclua" init > out || got=$?
	[ "$got" -eq 2 ]
	grep -q differ out
	[ ! -e h/store.db ]
	terminal 'correct horse' 'correct horse' -- "$enclua" init > out
	grep -q 'under a passphrase' out
	[ -z "$(grep -o correct out)" ]
}

@test "an empty answer is no passphrase" {
	got=0; terminal '' -- "$enclua" init > out || got=$?
	[ "$got" -eq 2 ]
	grep -q 'nothing was typed' out
}

@test "the question goes to the terminal although stdin and stdout are files" {
	echo data > in
	terminal horse horse -- sh -c '"$1" key new bob < in > result' - "$enclua"
	grep -q enclua1 result
}

@test "a signal at the prompt ends the program and gives the echo back" {
	cat > wait.sh <<'SH'
"$1" key new bob &
pid=$!
echo_off() { stty -a < /dev/tty | grep -q -- ' -echo '; }
n=0; until echo_off || [ $n -gt 100 ]; do sleep 0.05; n=$((n + 1)); done
echo_off && echo "echo was off"
kill -TERM $pid
wait $pid
echo "ended $?"
echo_off || echo "echo is on"
SH
	terminal -- bash wait.sh "$enclua" > out
	grep -q 'echo was off' out
	grep -q 'ended 143' out
	grep -q 'echo is on' out
	[ ! -e h/keys/bob.key ]
}

@test "the passphrase file: its first line; empty, missing, too long, a folder" {
	printf 'correct horse\nsecond line\n' > pass
	"$enclua" --passphrase-file pass init > /dev/null
	ENCLUA_PASSPHRASE_FILE=pass "$enclua" key export me --secret | grep -q SECRET
	printf 'correct horse\r\n' > dos
	"$enclua" key export me --secret --passphrase-file dos | grep -q SECRET
	printf 'battery staple' > wrong
	fails 4 "wrong passphrase" "$enclua" key export me --secret --passphrase-file wrong
	: > empty
	fails 2 "is empty" "$enclua" key export me --secret --passphrase-file empty
	fails 3 "nowhere" "$enclua" key export me --secret --passphrase-file nowhere
	head -c 5000 /dev/zero | tr '\0' x > long
	fails 9 "long" "$enclua" key export me --secret --passphrase-file long
	fails 5 "directory" "$enclua" key export me --secret --passphrase-file .
}

# What C takes for the end of a text is not the end of a file: 32 random bytes as a passphrase were as few as stood before the first zero, without a word.
@test "files that are read as text are refused when they hold a zero byte, not cut there" {
	printf 'pass\0word\n' > zero
	fails 5 "holds a zero byte" "$enclua" --passphrase-file zero init
	[ ! -e h/keys ]
	ENCLUA_PASSPHRASE_FILE=zero fails 5 "holds a zero byte" "$enclua" init
	printf 'correct horse\n' > pass
	"$enclua" --passphrase-file pass init > /dev/null
	"$enclua" key export me --secret --passphrase-file pass > secret
	recipient=$("$enclua" key export me --age)
	printf '%s\n\0%s\n' "$recipient" "$recipient" > recipients
	echo text > plain
	fails 5 "holds a zero byte" "$enclua" seal -R recipients -o sealed plain
	[ ! -e sealed ]
	printf '\0' >> secret
	fails 5 "holds a zero byte" "$enclua" key import other secret --no-passphrase
	fails 5 "holds a zero byte" "$enclua" unseal -i secret plain
}
