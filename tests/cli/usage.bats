#!/usr/bin/env bats
# Words that are off: exit 2, nothing on stdout, and what was probably meant.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

@test "nothing at all" {
	fails 2 "a command is needed" "$enclua"
	fails 2 "enclua --help" "$enclua"
	fails 2 "a command is needed" "$enclua" --quiet --home x
	fails 2 "a command is needed" "$enclua" --
}

@test "unknown words are told what they nearly were" {
	fails 2 'unknown command "keey"; did you mean "key"?' "$enclua" keey
	fails 2 'did you mean "run-task"?' "$enclua" runtask app
	fails 2 'did you mean "key new"?' "$enclua" key nwe alice
	fails 2 'try: enclua key new --help' "$enclua" key nwe alice
	fails 2 'unknown command "key qqqqqqqq"' "$enclua" key qqqqqqqq
	fails 2 'unknown command "qqqqqqqq"' "$enclua" qqqqqqqq
	fails 2 'no command is called "nwe"' "$enclua" help key nwe
}

@test "a group alone says what may follow" {
	fails 2 "key needs one more word: new, " "$enclua" key
	fails 2 "enclua task --help" "$enclua" task
}

@test "unknown options are told what they nearly were, the command's own and the global ones" {
	fails 2 "did you mean --no-passphrase?" "$enclua" init --no-pasphrase
	fails 2 "did you mean --json?" "$enclua" --jsno version
	fails 2 "did you mean --home?" "$enclua" version --hom=x
	fails 2 "unknown option -Z" "$enclua" version -Z
	fails 2 "unknown option -qZ" "$enclua" version -qZ
	fails 2 "unknown option --" "$enclua" version --=
}

@test "options before, between and after words, with = and without" {
	"$enclua" --home a init --no-passphrase > /dev/null
	"$enclua" key --home a new bob --no-passphrase > /dev/null
	"$enclua" key new --no-passphrase eve --home=a > /dev/null
	"$enclua" --home a key list -q > out
	grep -q bob out
	grep -q eve out
	grep -q me out
	"$enclua" -qv version
	"$enclua" version -q -q --quiet
}

@test "-- ends options" {
	fails 2 'does not know what to do with "--json"' "$enclua" version -- --json
	"$enclua" --home a init --no-passphrase > /dev/null
	fails 3 "--help" "$enclua" --home a protect -- --help
}

@test "values: missing, twice, where none belongs, empty" {
	fails 2 "--home DIR" "$enclua" version --home
	fails 2 "needs a value" "$enclua" run-task x --data
	fails 2 "given twice" "$enclua" --home a version --home b
	fails 2 "takes no value" "$enclua" version --json=yes
	fails 2 "--home is empty" "$enclua" --home= version
}

@test "too many words, too few" {
	fails 2 'does not know what to do with "more"' "$enclua" version more
	fails 2 "key new needs more: enclua key new NAME" "$enclua" key new
}

@test "a remote host is refused, not ignored" {
	fails 10 "no remote host" "$enclua" --host https://example.org version
	fails 10 '"E_UNAVAILABLE"' "$enclua" --json --host https://example.org version
}

@test "a usage error is JSON too when --json stands anywhere, but not after --" {
	for words in "--json qqqq" "qqqq --json" "key --json" "--json" "version --bogus --json"; do
		# shellcheck disable=SC2086 # words
		fails 2 '"E_USAGE"' "$enclua" $words
		one_object err
	done
	fails 2 "enclua: " "$enclua" version -- --json
}

# Once "-qo pack" was skipped as the flag q when the words of the command were looked for, and took "pack" as the value of o afterwards: then a word was missing.
@test "a letter that may take the next word ends the words of a command" {
	fails 2 "unknown option -qo" "$enclua" app -qo pack
	fails 2 "unknown option -qo" "$enclua" app -qo pack here
	fails 2 "unknown option -oq" "$enclua" -oq app pack
	fails 2 "app pack needs more" "$enclua" -qv app pack -qo x
}

@test "a small stack: what may be raised is raised, and else it is said" {
	mkdir app
	printf 'api: 1\nname: app\nversion: 1.0.0\nentry: main.lua\n' > app/iapp.yaml
	echo 'return function(task) task.result:write("a", "b") end' > app/main.lua
	bash -c 'ulimit -Ss 128 && exec "$@"' - "$enclua" --quiet run-task app -o soft > out
	[ "$(cat soft/a)" = b ]
	set -- bash -c 'ulimit -s 128 && exec "$@"' -
	[ "$(id -u)" -ne 0 ] || set -- "$@" setpriv --bounding-set=-sys_resource
	fails 9 "the stack is limited to 128 KiB, and 512 KiB are needed" "$@" "$enclua" run-task app
	fails 9 "try: ulimit -s 8192" "$@" "$enclua" run-task app
}
