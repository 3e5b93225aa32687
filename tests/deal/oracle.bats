#!/usr/bin/env bats
# Values for everybody: run-task --callback asks for one, the book's rule holds it to the digest, and oracle reads it.

load offers
setup() {
	setup_market
	mkdir rate
	printf 'api: 1\nname: rate\nversion: 1.0.0\nsummary: says a rate\nentry: main.lua\ninputs:\n  args:\n    - {name: rate, type: string, required: true}\n' > rate/iapp.yaml
	printf 'return function(task)\n    task.result:write("how.txt", "from nowhere\\n")\n    if task.args.rate == "fail" then error("no market today", 0) end\n    if task.args.rate ~= "none" then task.result:callback(task.args.rate == "long" and ("x"):rep(4097) or task.args.rate) end\nend\n' > rate/main.lua
	rate=$(value .app app deploy rate)
}
teardown() { teardown_place; }

ask() {
	local want=$1 who=$2 text=$3
	shift 3
	says "$want" "$enclua" --as "$who" --json run-task rate --arg rate="$text" "$@"
}

@test "a value under a name: the newest, by which iApp and for whom, and a receipt that proves it" {
	ask 0 ada 1.0842 --callback eur-usd
	first=$(jq -r .task out)
	ask 0 ada 1.0843 --callback eur-usd
	second=$(jq -r .task out)
	ask 0 ben 7 --callback eur-usd
	says 0 "$enclua" --json oracle read eur-usd --from ada
	jq -e --arg t "$second" --arg a "$rate" --arg w "$(identity_of ada)" '.value == "1.0843" and .task == $t and .app == $a and .requester == $w and .agreed == 1 and .trust == 1' out
	[ "$(jq -r .sha256 out)" = "$(printf 1.0843 | sha256sum | cut -d' ' -f1)" ]
	says 0 "$enclua" verify "$(jq -r .receipt out)"
	"$enclua" book show "$(value .entry oracle read eur-usd --from ada)" | grep -qF "callback: $(printf 1.0843 | base64)"
	[ "$(value .value oracle read eur-usd)" = 7 ]
	"$enclua" --as ada run-task rate --arg rate=x --callback btc/usd > /dev/null
	[ "$(value '[.values[] | [.name, .value]] | sort | tojson' oracle list --from ada)" = '[["btc/usd","x"],["eur-usd","1.0843"]]' ]
	says 0 "$enclua" oracle read eur-usd
	grep -q "^7$" out
	fails 3 "no finished task has given a value called gold" "$enclua" oracle read gold
	says 0 "$enclua" book verify
	says 0 "$enclua" book rebuild
	[ "$(value .value oracle read eur-usd --from ada)" = 1.0843 ]
	[ "$first" != "$second" ]
}

@test "nobody asked: what the iApp says stays in the sealed result" {
	ask 0 ada 1.0842
	task=$(jq -r .task out)
	[ -z "$("$enclua" book show "$task" | grep "^callback")" ]
	[ "$(value '.values | length' oracle list)" = 0 ]
	[ -z "$(grep -rl "$(printf 1.0842 | base64)" home/book)" ]
}

@test "no value, too long a one, or an iApp that fails: the task ends as failed, and is no value" {
	ask 8 ada none --callback eur-usd
	ask 8 ada long --callback eur-usd
	ask 8 ada fail --callback eur-usd
	[ "$(value '[.tasks[].status] | unique | join(",")' task list)" = FAILED ]
	[ "$(value '.values | length' oracle list)" = 0 ]
	fails 5 "order-field: the name of a callback" "$enclua" --as ada run-task rate --arg rate=1 --callback 'a b'
	says 0 "$enclua" book verify
}

@test "trust 3: several workers come to the same value, and one that shows another is refused" {
	for name in w1 w2 w3 w4; do
		"$enclua" key new $name --no-passphrase > /dev/null
		"$enclua" --as $name account show > /dev/null
		"$enclua" pool worker add local $name > /dev/null
	done
	ask 0 ada 1.0842 --callback eur-usd --trust 3 --no-wait
	task=$(jq -r .task out)
	for name in w1 w2 w3 w4; do
		"$enclua" --quiet --as $name worker run --once > /dev/null
		[ "$(value .market.status task show "$task")" != revealing ] || break
	done
	# Whoever was first to contribute is among the winners, and may show only what it has committed to
	right=sha256:$(printf 1.0842 | sha256sum | cut -d' ' -f1)
	shows() { no_entry 5 reveal-callback w1 task.reveal task="$task" digest="$right" outcome=FAILED reason=x assurance=none measurement="$zero" "$@"; }
	shows
	shows callback="$(printf 1.0843 | base64)"
	for name in w1 w2 w3 w4 w1 w2 w3 w4; do "$enclua" --quiet --as $name worker run --once > /dev/null || true; done
	[ "$(value .status task show "$task")" = COMPLETED ]
	says 0 "$enclua" --json oracle read eur-usd
	jq -e --arg t "$task" '.value == "1.0842" and .task == $t and .trust == 3 and .agreed >= 2' out
	says 0 "$enclua" verify "$(jq -r .receipt out)"
	says 0 "$enclua" book verify
}

@test "by hand: a value that was not asked for, one that is not the digest's, and none where one was asked are refused" {
	ask 0 ada 1 --callback eur-usd --no-wait
	asked=$(jq -r .task out)
	ask 0 ada 1 --no-wait
	plain=$(jq -r .task out)
	"$enclua" key new w1 --no-passphrase > /dev/null
	"$enclua" --as w1 account show > /dev/null
	"$enclua" pool worker add local w1 > /dev/null
	w1=$(identity_of w1)
	until=$(($(date +%s) + 200))
	for task in "$asked" "$plain"; do enter manager task.assign task="$task" worker="$w1" until="$until" > /dev/null; done
	right=sha256:$(printf 1.0842 | sha256sum | cut -d' ' -f1)
	value64=$(printf 1.0842 | base64)
	ends() { no_entry 5 contributeAndFinalize-callback w1 task.complete outcome=FAILED reason=x assurance=none measurement="$zero" "$@"; }
	ends task="$plain" digest="$right" callback="$value64"
	ends task="$asked" digest="$zero" callback="$value64"
	ends task="$asked" digest="$right"
	enter w1 task.complete outcome=FAILED reason=x assurance=none measurement="$zero" task="$asked" digest="$right" callback="$value64" > /dev/null
	[ "$(value '.values | length' oracle list)" = 0 ]	# it failed
}
