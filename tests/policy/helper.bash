# Shared by the bats files of this folder: a home of one's own.
load ../common
load policy

setup_home() {
	work=$(mktemp -d)
	export ENCLUA_HOME=$work/home XDG_DATA_HOME=$work/xdg HOME=$work
	unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE
	cd "$work" || return 1
	"$enclua" --quiet init --no-passphrase
}

teardown_home() {
	work_remove
}

# one_object FILE: the file is exactly one JSON object on one line
one_object() {
	[ "$(wc -l < "$1")" -eq 1 ] && jq -es 'length == 1 and (.[0] | type == "object")' "$1" > /dev/null || { echo "not one object:"; cat "$1"; return 1; }
}

# value FILTER WORDS…: of what the command says as JSON
value() {
	local filter=$1
	shift
	"$enclua" --json "$@" | jq -r "$filter"
}
