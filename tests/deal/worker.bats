#!/usr/bin/env bats
# Workers as processes of their own, among them one that lies and some that are killed: results, money and the book are what they must be.

load helper
setup() { setup_market; }
teardown() { teardown_market; }

books_balance() {
	"$enclua" book verify
	[ "$(deal supply)" -eq "$1" ] || { echo "money: $(deal supply), was $1"; return 1; }
}

@test "four workers, trust 5, one lies and one is killed: the rest agree, the liar has lost its stake, all are paid" {
	workers anne ben liar victim
	mapfile -t easy < <(deal ask 4 15 sum 10)
	start "$enclua" --as anne worker run; anne=$pid
	start "$enclua" --as ben worker run; ben=$pid
	soon all_are completed "${easy[@]:1}"
	kill -TERM "$anne" "$ben"
	wait "$anne"
	wait "$ben"
	# Fifteen results that others agreed with count 4 each: 16 · 5 > (1 + 2 + 16) · 4, against a liar's 2.
	"$enclua" --json worker status | jq -e '[.workers[] | select(.name == "anne" or .name == "ben") | .score] == [15, 15]'

	supply=$(deal supply)
	for name in anne ben liar victim; do declare "had_$name=$(balance "$name")"; done
	task=$(deal ask 5 1 sum 200000000 | tail -n 1)
	"$build/deal/liar" --as liar worker run --once
	[ "$(deal status "$task")" = "active 1 0" ]

	start "$enclua" --as victim worker run; victim=$pid
	soon deal assigned "$task" victim
	slots=$(pgrep -P "$victim")
	kill -9 "$victim"
	for slot in $slots; do soon gone "$slot"; done
	[ "$(deal status "$task")" = "active 1 0" ]
	"$enclua" --json worker status | jq -e '.workers[] | select(.name == "victim") | .tasks[0].doing == "running"'

	start "$enclua" --as anne worker run; anne=$pid
	start "$enclua" --as ben worker run; ben=$pid
	soon status_is "$task" completed
	[ "$(deal status "$task")" = "completed 3 2" ]
	kill -TERM "$anne" "$ben"
	wait "$anne"
	wait "$ben"

	# 30 % of the price were at stake; what workers get is 99 % of price and lost stakes.
	[ "$(balance liar)" -eq $((had_liar - 3 * RLC)) ]
	[ "$(balance victim)" -eq "$had_victim" ]
	[ "$(balance anne)" -eq $((had_anne + 13 * RLC * 99 / 100 / 2)) ]
	[ "$(balance ben)" -eq $((had_ben + 13 * RLC * 99 / 100 / 2)) ]
	"$enclua" --json worker status | jq -e '[.workers[].tasks[]] == []'
	"$enclua" --json task show "$task" | jq -e '.status == "COMPLETED"'
	books_balance "$supply"
}

@test "fresh workers: with one liar, trust 5 takes four honest ones" {
	workers liar one two three four five
	task=$(deal ask 5 1 sum 10 | tail -n 1)
	"$build/deal/liar" --as liar worker run --once
	for name in one two three; do "$enclua" --as "$name" worker run --once; done
	[ "$(deal status "$task")" = "active 4 0" ]
	for name in four five one two three four five; do "$enclua" --as "$name" worker run --once; done
	[ "$(deal status "$task")" = "completed 5 4" ]
	"$enclua" book verify
}

@test "processes are killed all the time and started again: every task ends, once" {
	workers w1 w2 w3
	supply=$(deal supply)
	mapfile -t alone < <(deal ask 1 6 sum 200000)
	mapfile -t agreed < <(deal ask 5 4 sum 200000)
	for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
		name=w$((round % 3 + 1))
		start "$enclua" --as "$name" worker run
		sleep "0.$((round * 7 % 4 + 1))"
		kill -9 "$pid"
	done
	for name in w1 w2 w3; do start "$enclua" --as "$name" worker run; done
	soon all_are completed "${alone[@]:1}" "${agreed[@]:1}"
	[ "$(deal entries task.complete)" -eq 6 ]
	[ "$(deal entries task.finalize)" -eq 4 ]
	[ "$(deal entries task.initialize)" -eq 10 ]
	[ "$(deal entries task.contribute)" -eq 12 ]
	books_balance "$supply"
}

@test "several slots and several processes of one worker share the tasks and run none twice" {
	mapfile -t tasks < <(deal ask 1 12 sum 100000)
	start "$enclua" --json worker run --slots 3 --idle-exit 2; one=$pid
	start "$enclua" --json worker run --slots 2 --idle-exit 2; two=$pid
	wait "$one"
	wait "$two"
	all_are completed "${tasks[@]:1}"
	[ "$(cat out.0 out.1 | jq -s 'map(.ran) | add')" -eq 12 ]
	[ "$(deal entries task.assign)" -eq 12 ]
}

@test "SIGTERM: what runs is finished, then the worker leaves" {
	task=$(deal ask 1 1 sum 60000000 | tail -n 1)
	start "$enclua" worker run; worker=$pid
	until [ "$(deal entries task.assign)" -eq 1 ]; do sleep 0.02; done
	kill -TERM "$worker"
	wait "$worker"
	status_is "$task" completed
}

@test "a task that comes while a worker waits is taken at once" {
	start "$enclua" worker run
	sleep 1
	for round in 1 2 3; do
		task=$(deal ask 1 1 sum 10 | tail -n 1)
		soon status_is "$task" completed
	done
}

@test "who may not work is told so, and what to do" {
	"$enclua" --quiet key new stranger --no-passphrase
	run "$enclua" --as stranger worker run --once
	[ "$status" -eq 4 ]
	[[ "$output" == *"no pool of this book"* && "$output" == *"enclua pool worker add"* ]]
	run "$enclua" worker run --pool nowhere
	[ "$status" -eq 3 ]
	for bad in 0 65 x -1 ''; do
		run "$enclua" worker run --slots "$bad"
		[ "$status" -eq 2 ] || { echo "--slots '$bad': $status"; false; }
	done
}

@test "a slot that cannot start its box says why, and the command ends" {
	cp "$build/enclua" alone
	run ./alone worker run
	[ "$status" -ne 0 ]
	[[ "$output" == *enclave* ]]
}

@test "a slot whose box is ended while it starts is tried again, three times in all" {
	mkdir alone
	cp "$build/enclua" "$build/keeper" alone
	cp /bin/false alone/enclave
	run alone/enclua worker run
	[ "$status" -eq 10 ]
	[ "$(grep -c 'is started again' <<< "$output")" -eq 2 ]
	[[ "$output" == *"the box cannot start"* ]]

	start alone/enclua worker run
	soon grep -q 'is started again' "$work"/out.0
	cp "$build/enclave" alone/enclave.new
	mv alone/enclave.new alone/enclave
	task=$(deal ask 1 1 sum 10 | tail -n 1)
	soon status_is "$task" completed
}

@test "a box that the machine ends is no result of the iApp: the task is run again" {
	task=$(deal ask 1 1 sum 60000000 | tail -n 1)
	start "$enclua" worker run; worker=$pid
	until [ "$(deal entries task.assign)" -eq 1 ]; do sleep 0.02; done
	sleep 0.1
	slot=$(pgrep -P "$worker")
	zygote=$(pgrep -P "$slot" -x enclua-box || pgrep -P "$slot" | head -n 1)
	pkill -9 -P "$zygote"
	soon status_is "$task" completed
	"$enclua" --json task show "$task" | jq -e '.status == "COMPLETED"'
	grep -q 'ended by signal 9' out.0
}

@test "the key of the pool's owner is under a passphrase: its scheduler sends workers that have no key" {
	printf 'open it\n' > pass
	"$enclua" --quiet key new boss --passphrase-file pass
	boss=("$enclua" --as boss --passphrase-file "$work/pass")
	"${boss[@]}" --quiet pool create mill
	for name in w1 w2 w3; do
		"$enclua" --quiet key new "$name" --no-passphrase
		"$enclua" --quiet key register "$name" > /dev/null
		"${boss[@]}" --quiet pool worker add mill "$name"
		"$enclua" --quiet account deposit 100RLC --to "$name" > /dev/null
	done
	"$enclua" --quiet account deposit 1000RLC --to boss
	"${boss[@]}" --quiet pool offer mill --price 10RLC --trust 5
	mapfile -t tasks < <(deal ask 5 2 sum 10000)
	for name in w1 w2 w3; do start "$enclua" --as "$name" worker run --pool mill; done
	sleep 1
	[ "$(deal entries task.assign)" -eq 0 ]
	start "${boss[@]}" worker run
	soon all_are completed "${tasks[@]:1}"
	[ "$(deal entries task.assign)" -eq 6 ]
	[ "$(deal entries task.contribute)" -eq 6 ]
	"$enclua" book verify
}

@test "run-task beside a worker: what it runs itself the worker leaves alone, what it hands over the worker runs" {
	hello=$top/iapps/hello-world
	"$enclua" --quiet account deposit 100RLC > /dev/null
	start "$enclua" worker run --slots 2
	for name in Ann Ben Cleo; do
		"$enclua" --quiet run-task "$hello" --max-price 10RLC --arg "name=$name" -o "own-$name" > /dev/null
		grep -q "Hello, $name!" "own-$name/hello.txt"
		"$enclua" --json run-task "$hello" --max-price 10RLC --arg "name=$name" --no-wait > handed
		task=$(jq -r .task handed)
		soon status_is "$task" completed
		"$enclua" --quiet task result "$task" -o "handed-$name" > /dev/null
		grep -q "Hello, $name!" "handed-$name/hello.txt"
	done
	[ "$(deal entries task.complete)" -eq 6 ]
	[ "$(deal entries task.assign)" -eq 6 ]
	"$enclua" book verify
}
