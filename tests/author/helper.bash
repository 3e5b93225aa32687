# Shared by the bats files of this folder: an empty place of one's own, and the program under its other name.
load ../common
generator=$build/iapp-generator

setup_place() {
	work=$(mktemp -d)
	export HOME=$work/home TERM=xterm
	unset ENCLUA_HOME ENCLUA_AS ENCLUA_PASSPHRASE_FILE XDG_DATA_HOME
	mkdir "$HOME"
	cd "$work" || return 1
}

teardown_place() {
	work_remove
}

terminal() { python3 "$top/tests/protect/on_terminal" "$@"; }

# walk PROJECT: the options of the run that its README shows
walk() { sed -n 's/^    iapp-generator run//p' "$1/README.md"; }
