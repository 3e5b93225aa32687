# Shared by the bats files of this folder: an empty place of one's own, and the table of commands as the program itself tells it.
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
case ${BUILD:-build} in /*) build=$BUILD ;; *) build=$top/${BUILD:-build} ;; esac
enclua=$build/enclua

setup_place() {
	work=$(mktemp -d)
	export HOME=$work
	unset ENCLUA_HOME ENCLUA_AS ENCLUA_PASSPHRASE_FILE XDG_DATA_HOME
	cd "$work" || return 1
}

teardown_place() {
	cd / && rm -rf "$work"
}

# says STATUS COMMAND…: runs it without a terminal on stdin, keeps stdout in `out` and stderr in `err`, and wants this exit status
says() {
	local want=$1 got=0
	shift
	"$@" > out 2> err < /dev/null || got=$?
	[ "$got" -eq "$want" ] || { echo "exit $got, not $want: $*"; cat out err; return 1; }
}

# fails STATUS WORDS COMMAND…: fails so, with nothing on stdout and these words on stderr
fails() {
	local want=$1 words=$2
	shift 2
	says "$want" "$@" || return 1
	[ ! -s out ] || { echo "on stdout: $(cat out)"; return 1; }
	grep -qF -- "$words" err || { echo "no '$words' in: $(cat err)"; return 1; }
}

# one_object FILE: the file is exactly one JSON object on one line
one_object() {
	[ "$(wc -l < "$1")" -eq 1 ] && jq -es 'length == 1 and (.[0] | type == "object")' "$1" > /dev/null || { echo "not one object:"; cat "$1"; return 1; }
}

# commands: the words of every command, a line each
commands() { "$enclua" --json help | jq -r '.commands[].command'; }
