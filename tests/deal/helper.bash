# Shared by the tests of deals: a home of one's own with a market in it, workers as processes, and what became of tasks.
load ../common
RLC=1000000000

setup_market() {
	work=$(mktemp -d)
	export HOME=$work ENCLUA_HOME=$work/home
	unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE XDG_DATA_HOME
	cd "$work" || return 1
	started=()
	"$enclua" --quiet init --no-passphrase
	deal setup
}

teardown_market() {
	local pid
	for pid in "${started[@]}"; do kill -9 "$pid" 2> /dev/null || :; done
	wait
	work_remove
}

deal() { "$build/deal/deal" "$ENCLUA_HOME" "$@"; }

# workers NAME…: identities that work for the pool
workers() {
	local name
	for name in "$@"; do "$enclua" --quiet key new "$name" --no-passphrase > /dev/null; done
	deal admit "$@"
}

# start PROGRAM WORDS…: a process that teardown ends; its id in $pid
start() {
	"$@" > "$work/out.${#started[@]}" 2>&1 3>&- < /dev/null &
	pid=$!
	started+=("$pid")
}

# soon COMMAND…: it succeeds within a minute
soon() {
	local i
	for ((i = 0; i < 600; i++)); do
		"$@" && return 0
		sleep 0.1
	done
	echo "not in a minute: $*"
	cat "$work"/out.* 2> /dev/null
	return 1
}

status_is() { [[ "$(deal status "$1")" == "$2"* ]]; }
all_are() {	# STATUS TASK…
	local want=$1 task
	shift
	for task in "$@"; do status_is "$task" "$want" || return 1; done
}
gone() { ! kill -0 "$1" 2> /dev/null; }
balance() { "$enclua" --json account show "$(key_of "$1")" | jq .balance; }
key_of() { "$enclua" --json key show "$1" | jq -r .identity; }
