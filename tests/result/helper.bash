# Shared by the bats files of this folder: a home of one's own, a table of patients, small iApps made on the spot.
load ../common

setup_home() {
	work=$(mktemp -d)
	export ENCLUA_HOME=$work/home XDG_DATA_HOME=$work/xdg HOME=$work
	unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE
	cd "$work" || return 1
}

teardown_home() {
	work_remove
}

# patients ROWS: id,age,smoker
patients() {
	awk -v rows="$1" 'BEGIN { print "id,age,smoker"; for (i = 1; i <= rows; i++) printf "%d,%d,%d\n", i, 20 + i % 60, i % 3 == 0 }'
}

# app NAME 'LUA BODY' ['MORE YAML LINES']: an iApp folder whose main function is the body
app() {
	mkdir -p "$1"
	printf 'api: 1\nname: %s\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\n%s\n' "$1" "${3:-}" > "$1/iapp.yaml"
	printf 'return function(task)\n%s\nend\n' "$2" > "$1/main.lua"
}

# stays_whole DIR: a failed run leaves no output folder and no temporary file behind
stays_whole() {
	keepers_end "$work"
	[ ! -e "$1" ] || { find "$1"; return 1; }
	[ -z "$(find "$work" -name '*.tmp*' -print -quit)" ] || { find "$work" -name '*.tmp*'; return 1; }
}
