# Shared by the bats files of this folder: an empty place of one's own, and make with the build of this run as it is.
. "$BATS_TEST_DIRNAME/../cli/helper.bash"

# maker TARGET VARIABLE=…: nothing should have to be made again. What it says is in `said`.
maker() {
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$top" O="$build" FLAGS="$(cat "$build/gen/flags")" "$@" > said 2>&1 || { cat said; return 1; }
	[ -z "$(grep "^  CC " said)" ] || { echo "made again:"; cat said; return 1; }
}

# tree DIR: mode, size and name of everything below it, and what the files hold
tree() { (cd "$1" && find . -mindepth 1 -printf '%M %P %l\n' | sort && find . -type f -exec sha256sum {} + | sort -k 2); }

# layers_allowed: what this machine cannot give a box is not what these tests are about
layers_allowed() {
	ENCLUA_ALLOW_MISSING_LAYER=$("$enclua" --json doctor | jq -r '.layers | to_entries | map(select(.value | not) | .key) | join(",")')
	export ENCLUA_ALLOW_MISSING_LAYER
}

# nothing_of_here FILE…: no file names the folder that it was built in, or the one who built it
nothing_of_here() {
	local place
	for place in "$top" "$build" /home/ /root/ "${TMPDIR:-/tmp}/tmp."; do
		[ -z "$(strings -a "$@" | grep -F "$place")" ] || { echo "$place in: $*"; strings -a "$@" | grep -F "$place" | head -3; return 1; }
	done
}
