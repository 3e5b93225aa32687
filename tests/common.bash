# Shared by all bats files, mostly through the helper of their folder: where the programs are, and the words for what a command must do.
bats_require_minimum_version 1.5.0
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
case ${BUILD:-build} in /*) build=$BUILD ;; *) build=$top/${BUILD:-build} ;; esac
enclua=$build/enclua

# keepers_end DIR: a home's keeper ends after the command that asked it, and may be keeping what it accepted just then; its lock says when it has
keepers_end() {
	find "$1" -path '*/keeper/lock' -type f -exec flock -w 30 {} true \;
}

# work_remove: the test's folder, once nobody writes there
work_remove() {
	cd / && keepers_end "$work"
	rm -rf "$work"
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

# refuses CODE 'WORDS' command…: exits so and says so, on either
refuses() {
	local code=$1 words=$2
	shift 2
	run "$@"
	[ "$status" -eq "$code" ] || { echo "exit $status, not $code: $output"; return 1; }
	[[ "$output" == *"$words"* ]] || { echo "no '$words' in: $output"; return 1; }
}

# flip FILE BYTE: the lowest bit of that byte. A fixed letter written there may be the one that is there, and then nothing is damaged.
flip() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
