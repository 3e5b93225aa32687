# Shared by the bats files that work on homes and their books.
load ../common

setup_homes() {
	work=$(mktemp -d)
	export HOME=$work ENCLUA_HOME=$work/mine
	unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE XDG_DATA_HOME
	cd "$work" || return 1
	home mine
}

teardown_homes() { work_remove; }

# home NAME…: new homes
home() {
	local h
	for h in "$@"; do "$enclua" --home "$h" init --no-passphrase > /dev/null || return 1; done
}

# at HOME COMMAND…
at() {
	local h=$1
	shift
	"$enclua" --home "$h" "$@"
}

# grow HOME [N]: N more entries (1)
grow() {
	local i
	for i in $(seq "${2:-1}"); do at "$1" protect --set "n=$i" > /dev/null || return 1; done
}

size() { at "$1" --json book checkpoint | jq .size; }

# quorum K HOME…: a policy in which K of these witnesses must have signed, by their names here
quorum() {
	local k=$1 h
	shift
	for h in "$@"; do echo "witness $h $(at "$h" book witness key)" || return 1; done
	echo "group all-of-them $k $*"
	echo "quorum all-of-them"
}

# signs HOME WITNESS…: the whole exchange, each witness asked from where it stopped
signs() {
	local h=$1 w
	shift
	for w in "$@"; do
		at "$h" book witness request --for "$(at "$w" --json book witness key | jq -r .name)" > "$w.req" && at "$w" book witness sign "$w.req" > "$w.sig" &&
			at "$h" book witness add "$w.sig" > /dev/null || return 1
	done
}
