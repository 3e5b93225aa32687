#!/usr/bin/env bats
# enclua verify: with nothing but the file, on a machine that has no home and reaches nobody.

load homes

# Two more tasks: one that several workers had to agree on, and one with an iApp that changed hands before.
agreed_and_moved() {
	local name task
	mkdir small
	printf 'api: 1\nname: small\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\n' > small/iapp.yaml
	printf 'return function(task) task.result:write("r", "1") end\n' > small/main.lua
	for name in anne ben carl dora; do
		"$enclua" key new $name --no-passphrase > /dev/null
		"$enclua" --as $name account show > /dev/null
		"$enclua" pool worker add local $name > /dev/null
	done
	"$enclua" --json run-task small --trust 3 --no-wait > agreed.json
	task=$(jq -r .task agreed.json)
	for name in anne ben carl dora anne ben carl dora; do
		"$enclua" --quiet --as $name worker run --once > /dev/null
		"$enclua" --json task show "$task" > agreed.task
	done
	sed -i 's/small/moved/' small/iapp.yaml
	"$enclua" --as anne app deploy small > /dev/null
	"$enclua" --as anne app transfer moved ben > /dev/null
	"$enclua" --as ben app offer moved > /dev/null
	"$enclua" --json run-task moved > moved.json
}

# One book for all tests of this file, with a task that has run, a quorum, and the files that its owner gives away.
setup_file() {
	setup_homes
	export KEPT=$work
	home w1 w2
	quorum 2 w1 w2 > policy
	"$enclua" book witness policy policy
	printf 'a,b\n1,2\n' > table.csv
	mkdir app
	printf 'api: 1\nname: summer\nversion: 1.2.3\nsummary: made by a test\nentry: main.lua\ninputs: { data: many }\n' > app/iapp.yaml
	printf 'return function(task) task.result:write("sum.txt", "3") end\n' > app/main.lua
	"$enclua" --json run-task app --data table.csv -o ran > ran.json
	printf 'return function() while true do end end\n' > app/main.lua
	printf 'limits: { wall: 300ms }\n' >> app/iapp.yaml
	"$enclua" run-task app --data table.csv 2> /dev/null || [ $? -eq 9 ]
	"$enclua" --json task list | jq '.tasks[-1]' > limit.json
	agreed_and_moved
	signs mine w1 w2
	"$enclua" task receipt "$(jq -r .task limit.json)" -o limit.receipt > /dev/null
	"$enclua" task receipt "$(jq -r .task agreed.json)" -o agreed.receipt > /dev/null
	"$enclua" task receipt "$(jq -r .task moved.json)" -o moved.receipt > /dev/null
	"$enclua" book proof "$(jq -r .task ran.json)" -o task.tlog-proof
	"$enclua" book export public > /dev/null
	"$enclua" task receipt "$(jq -r .task ran.json)" -o task.receipt > /dev/null
}
teardown_file() { cd / && rm -rf "$KEPT"; }
setup() {
	work=$(mktemp -d)
	cd "$work" || return 1
	unset HOME ENCLUA_HOME XDG_DATA_HOME ENCLUA_AS
}
teardown() { work_remove; }

# alone COMMAND…: with no variable set that could name a home
alone() { env -i PATH=/nowhere "$@"; }

@test "a proof: which entry, by whom, in which book" {
	says 0 alone "$enclua" verify "$KEPT/task.tlog-proof"
	grep -q '^entry  *task.initialize' out
	grep -q '^signed by  *enclua1' out
	grep -q '^book  *enclua.local/enclua1' out
	grep -q 'no policy' out
	says 0 alone "$enclua" verify "$KEPT/task.tlog-proof" --policy "$KEPT/policy"
	grep -q '2 of the policy countersigned' out
	says 0 alone "$enclua" --json verify "$KEPT/task.tlog-proof" --policy "$KEPT/policy"
	jq -e '.ok and .kind == "proof" and .policy and .witnesses.cosigned == 2 and .entry.type == "task.initialize" and .book.size > 0' out
}

@test "an exported book" {
	says 0 alone "$enclua" verify "$KEPT/public" --policy "$KEPT/policy"
	says 0 alone "$enclua" --json verify "$KEPT/public"
	jq -e '.kind == "export" and .policy == false and .book.size > 0' out
}

@test "nothing is looked for in a home, not even one that is broken" {
	mkdir -p home/keys
	echo rubbish > home/store.db
	chmod 0 home/keys
	says 0 env -i ENCLUA_HOME="$work/home" "$enclua" verify "$KEPT/task.tlog-proof"
	says 0 alone "$enclua" --home "$work/none" verify "$KEPT/task.tlog-proof"
	[ ! -e none ]
	chmod 700 home/keys
}

@test "no system call reaches for a network, or opens anything of a home" {
	command -v strace > /dev/null || { echo "no strace here: run make deps"; return 1; }
	strace -f -o trace -e trace=network,openat,open "$enclua" --home "$work/none" verify "$KEPT/task.tlog-proof" > /dev/null || skip "strace may not trace here"
	[ -z "$(grep -E 'socket\(|connect\(' trace)" ]
	[ -z "$(grep -E 'none|store\.db|\.key"' trace)" ]
}

@test "from standard input" {
	alone "$enclua" verify - < "$KEPT/task.tlog-proof" > out
	grep -q 'task.initialize' out
}

@test "a policy that is not met: 4; of other witnesses, of another book, of more of them" {
	export HOME=$work
	home w9
	quorum 1 w9 > others
	fails 4 "" alone "$enclua" verify "$KEPT/task.tlog-proof" --policy others
	fails 4 "" alone "$enclua" verify "$KEPT/public" --policy others
	{ echo "log $(at w9 book checkpoint --vkey)"; cat "$KEPT/policy"; } > elsewhere
	fails 4 "" alone "$enclua" verify "$KEPT/task.tlog-proof" --policy elsewhere
	grep -v '^— enclua.local/witness' "$KEPT/task.tlog-proof" > bare
	fails 4 "" alone "$enclua" verify bare --policy "$KEPT/policy"
	says 0 alone "$enclua" verify bare
	fails 5 "" alone "$enclua" verify bare --policy /dev/null
	fails 3 "" alone "$enclua" verify bare --policy missing
}

@test "what is nothing of the kind" {
	for wrong in /dev/null /bin/true "$KEPT/policy" "$KEPT/table.csv" <(at "$KEPT/mine" book checkpoint) <(tail -n +2 "$KEPT/task.tlog-proof"); do
		fails 5 "" alone "$enclua" verify "$wrong"
	done
	mkdir empty
	got=0; alone "$enclua" verify empty > out 2> err || got=$?
	[ "$got" -eq 3 ] || [ "$got" -eq 5 ]
	fails 3 "" alone "$enclua" verify missing
	fails 2 "" alone "$enclua" verify
	fails 2 "--entry goes with a proof" alone "$enclua" verify "$KEPT/policy" --entry "$KEPT/policy"
}

@test "a proof that carries no entry, with the entry beside it" {
	at "$KEPT/mine" book show "$(jq -r .task "$KEPT/ran.json")" > entry
	grep -v '^extra ' "$KEPT/task.tlog-proof" > bare
	fails 2 "--entry FILE" alone "$enclua" verify bare
	says 0 alone "$enclua" verify bare --entry entry
	fails 5 "" alone "$enclua" verify bare --entry "$KEPT/table.csv"
}

# flipped FILE BYTE BIT
flipped() { perl -e 'local $/; open F, "<", $ARGV[0]; $_ = <F>; substr($_, $ARGV[1], 1) ^= chr(1 << $ARGV[2]); print' "$@"; }

@test "a flipped bit anywhere in a proof, with the policy in force" {
	for at in $(seq 0 7 $(($(stat -c %s "$KEPT/task.tlog-proof") - 1))); do
		flipped "$KEPT/task.tlog-proof" "$at" $((at % 7)) > bad
		got=0; alone "$enclua" verify bad --policy "$KEPT/policy" > out 2> err || got=$?
		{ [ "$got" -eq 5 ] || [ "$got" -eq 4 ]; } && [ ! -s out ] || { echo "byte $at: exit $got"; cat out err; return 1; }
	done
}

@test "a changed tile or bundle of an export" {
	find "$KEPT/public/tile" -type f | while read -r file; do
		cp -R "$KEPT/public" changed
		flipped "$file" 40 0 > "changed/${file#"$KEPT/public/"}"
		fails 5 "" alone "$enclua" verify changed || exit 1
		rm -rf changed
	done
}

@test "a receipt: who ran what on which data, how it ended, and what that is worth" {
	says 0 alone "$enclua" verify "$KEPT/ran/task.receipt"
	says 0 alone "$enclua" verify "$KEPT/task.receipt" --policy "$KEPT/policy"
	for row in 'task  *task1' 'of the deal  *deal1' 'by  *enclua1' 'app  *summer 1\.2\.3 h1:' 'offered by  *enclua1' 'data  *data1' 'price  ' 'pool  *pool1.* local' 'worker  *enclua1' 'ended  *COMPLETED' 'result  *sha256:' 'enclave  *sha256:' \
		'assurance  *software: ' 'sealed to  *enclua1' 'book  *enclua\.local/enclua1'; do
		grep -qE "^$row" out || { echo "no line $row"; cat out; return 1; }
	done
	says 0 alone "$enclua" --json verify "$KEPT/task.receipt"
	jq -e --slurpfile ran "$KEPT/ran.json" '.kind == "receipt" and .task == $ran[0].task and .status == "COMPLETED" and .assurance == "software" and (.means | length > 20)
		and .app.name == "summer" and (.data | length == 1) and (.data[0].id | startswith("data1"))' out
	[ "$(jq -r .result out)" = "sha256:$(sha256sum < "$KEPT/ran/result.age" | cut -d' ' -f1)" ]
}

@test "a flipped bit anywhere in a receipt" {
	for at in $(seq 0 23 $(($(stat -c %s "$KEPT/task.receipt") - 1))); do
		flipped "$KEPT/task.receipt" "$at" $((at % 7)) > bad
		got=0; alone "$enclua" verify bad --policy "$KEPT/policy" > out 2> err || got=$?
		{ [ "$got" -eq 5 ] || [ "$got" -eq 4 ]; } && [ ! -s out ] || { echo "byte $at: exit $got"; cat out err; return 1; }
	done
}

@test "a receipt of a task that passed a limit says so, and of no result" {
	says 0 alone "$enclua" verify "$KEPT/limit.receipt"
	grep -qE '^ended  *LIMIT: wall limit at 2' out
	grep -qE '^result  *none$' out
	[ "$(grep -c '^sealed to' out)" -eq 0 ]
	says 0 alone "$enclua" --json verify "$KEPT/limit.receipt"
	jq -e '.status == "LIMIT" and .reason == "wall limit" and .result == null' out
}

@test "a receipt of a task on which several workers agreed" {
	jq -e '.status == "COMPLETED" and (.market.workers | length >= 2)' "$KEPT/agreed.task"
	says 0 alone "$enclua" verify "$KEPT/agreed.receipt" --policy "$KEPT/policy"
	grep -qE '^agreed  *with other workers.*\(trust 3\)' out
	says 0 alone "$enclua" --json verify "$KEPT/agreed.receipt"
	grep -q '^enclua/task.finalize/v1$' "$KEPT/agreed.receipt"
	grep -q '^enclua/task.reveal/v1$' "$KEPT/agreed.receipt"
	jq -e --slurpfile task "$KEPT/agreed.task" '.trust == 3 and .status == "COMPLETED" and (.worker as $w | $task[0].market.workers | map(.worker) | index($w) != null)' out
}

@test "a receipt of a task with an iApp that was given away names its owner then, not its maker" {
	ben=$(at "$KEPT/mine" --json key show ben | jq -r .identity) anne=$(at "$KEPT/mine" --json key show anne | jq -r .identity)
	says 0 alone "$enclua" --json verify "$KEPT/moved.receipt" --policy "$KEPT/policy"
	jq -e --arg ben "$ben" --arg anne "$anne" '.app.owner == $ben and .app.author == $anne and .app.name == "moved"' out
	[ "$(grep -c '^enclua/app.transfer/v1$' "$KEPT/moved.receipt")" = 1 ]
}

@test "a flipped bit in a receipt with a transfer, at other bytes each time" {
	bytes=$(stat -c %s "$KEPT/moved.receipt")
	for at in $(seq $((RANDOM % 61)) 61 $((bytes - 1))); do
		flipped "$KEPT/moved.receipt" "$at" $((at % 7)) > bad
		got=0; alone "$enclua" verify bad --policy "$KEPT/policy" > out 2> err || got=$?
		{ [ "$got" -eq 5 ] || [ "$got" -eq 4 ]; } && [ ! -s out ] || { echo "byte $at of $bytes: exit $got"; cat out err; return 1; }
	done
}
