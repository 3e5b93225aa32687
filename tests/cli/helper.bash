# Shared by the bats files of this folder: an empty place of one's own, and the table of commands as the program itself tells it.
load ../common

setup_place() {
	work=$(mktemp -d)
	export HOME=$work
	unset ENCLUA_HOME ENCLUA_AS ENCLUA_PASSPHRASE_FILE XDG_DATA_HOME
	cd "$work" || return 1
}

teardown_place() {
	work_remove
}

# one_object FILE: the file is exactly one JSON object on one line
one_object() {
	[ "$(wc -l < "$1")" -eq 1 ] && jq -es 'length == 1 and (.[0] | type == "object")' "$1" > /dev/null || { echo "not one object:"; cat "$1"; return 1; }
}

# commands: the words of every command, a line each
commands() { "$enclua" --json help | jq -r '.commands[].command'; }
