# Shared by the bats files of this folder: a home of one's own, and iApps that are made on the spot.
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

# app 'MORE YAML LINES' < LUA: an iApp folder `app` with this main.lua
app() {
	mkdir -p app
	printf 'api: 1\nname: app\nversion: 1.0.0\nentry: main.lua\n%s\n' "$1" > app/iapp.yaml
	cat > app/main.lua
}

# runs OPTIONS…: the iApp returns; what it wrote is in res/, and what it said in out
runs() {
	rm -rf res
	says 0 "$enclua" --json run-task ./app -o res "$@"
}
# ends STATUS WORDS OPTIONS…: the run ends so, and delivers nothing
ends() {
	local want=$1 words=$2
	shift 2
	rm -rf none
	fails "$want" "$words" "$enclua" run-task ./app -o none "$@" || return 1
	[ ! -e none ]
}
