#!/usr/bin/env bats
# run-task as a customer of the market: what it costs is found, held against what the requester pays at most, locked, and paid out to whom it is due.

load offers
setup() { setup_market; }
teardown() { teardown_place; }

# ada's iApp for N nRLC
deployed() {
	"$enclua" --as ada --json app deploy "$app_dir" --price "$1" > deployed
	app=$(jq -r .app deployed)
}
text() { printf 'one two two\n' > text.txt; }
rich() { "$enclua" account deposit 10RLC > /dev/null; }
entries() { value .entries book verify; }
# money NAME…: what all of them have together
money() {
	local sum=0 name
	for name in me ada ben carl manager "$@"; do sum=$((sum + $(value '.free + .locked' account show "$name"))); done
	echo $sum
}

@test "what costs more than --max-price, or anything without it, is refused with both prices and the option that helps" {
	deployed 2RLC
	text
	rich
	before=$(entries)
	fails 7 "this run costs 2 RLC, more than 0 RLC: without --max-price it must be free" "$enclua" run-task "$app" --data text.txt
	grep -qF -- "--max-price 2RLC" err
	fails 7 "this run costs 2 RLC, more than 1.999999999 RLC" "$enclua" run-task "$app" --data text.txt --max-price 1.999999999RLC
	says 7 "$enclua" --json run-task "$app" --data text.txt --max-price 1
	one_object err
	jq -e '.error.hint | contains("--max-price 2RLC")' err
	says 2 "$enclua" run-task "$app" --data text.txt --max-price 1 --trust -1
	fails 5 "--max-price: " "$enclua" run-task "$app" --data text.txt --max-price lots
	grep -qF "try: --max-price 1.5RLC" err
	[ "$(entries)" = "$before" ]
	[ -z "$(find "$ENCLUA_HOME/blobs/tmp" -type f)" ]
}

@test "a paid run: the iApp's owner, the pool's and the worker have their parts, nothing is lost, and all is told" {
	deployed 1RLC
	text
	rich
	pool_order=$(value .order pool offer local --price 2RLC --category S)
	worker=$(value '.members[0].worker' pool show local)
	ada=$(free_of ada) me=$(free_of me) manager=$(free_of manager) all=$(money "$worker")
	says 0 "$enclua" --json run-task "$app" --data text.txt --max-price 3RLC -o out.d
	one_object out
	jq -e '.cost == {"app": 1000000000, "data": 0, "pool": 2000000000, "total": 3000000000} and (.deal | startswith("deal1")) and (.task | startswith("task1"))' out
	deal=$(jq -r .deal out)
	[ "$(free_of me)" = $((me - 3000000000)) ]
	[ "$(free_of ada)" = $((ada + 1000000000)) ]
	[ $(($(free_of manager) - manager + $(free_of "$worker"))) = 2000000000 ]
	[ "$(free_of "$worker")" -gt 0 ]
	[ "$(money "$worker")" = "$all" ]
	[ "$(value .free account show "$deal/escrow")" = 0 ]
	[ "$(value .free account show "$deal/stake")" = 0 ]
	[ "$(value .used order show "$pool_order")" = 1 ]
	says 0 "$enclua" --json verify out.d/task.receipt
	says 0 "$enclua" book verify
}

@test "an iApp that fails is paid all the same, and one that nobody may use is not run" {
	mkdir bad
	printf 'api: 1\nname: bad\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\n' > bad/iapp.yaml
	printf 'return function(task) error("no", 0) end\n' > bad/main.lua
	bad=$(value .app --as ada app deploy bad --price 1RLC)
	rich
	ada=$(free_of ada)
	says 8 "$enclua" run-task "$bad" --max-price 1RLC
	[ "$(free_of ada)" = $((ada + 1000000000)) ]
	deployed 1RLC
	text
	"$enclua" --as ada order cancel "$(jq -r .order deployed)" > /dev/null
	fails 7 "nobody offers this iApp to you: it belongs to enclua1" "$enclua" run-task "$app" --data text.txt --max-price 9RLC
	grep -qF "enclua order list --app" err
	"$enclua" --as ada app offer word-count --only-requester ben > /dev/null
	fails 7 "nobody offers this iApp to you" "$enclua" run-task "$app" --data text.txt --max-price 9RLC
	says 0 "$enclua" --as ben run-task "$app" --data text.txt --dry-run --max-price 9RLC
}

@test "without money: 7, what is missing and where it comes from, and the book is as long as before the deal" {
	deployed 1RLC
	text
	before=$(entries)
	refused 7 funds "enclua account deposit" run-task "$app" --data text.txt --max-price 1RLC
	[ "$(entries)" = "$before" ]
	[ "$(value '[.tasks[] | select(.status != "COMPLETED")] | length' task list)" = 0 ]
	says 0 "$enclua" book verify
}

@test "offers that need what the pool has not come last, and an owner's own run needs it all the same" {
	text
	rich
	app=$(value .app --as ada app deploy "$app_dir" --tag gpu)
	fails 4 "match-0x06: " "$enclua" run-task "$app" --data text.txt
	grep -qF gpu err
	grep -q "try: .*enclua pool list" err
	"$enclua" --as ada app offer word-count --price 0.5RLC > /dev/null
	"$enclua" --as ada app offer word-count --price 0.25RLC --tag gpu > /dev/null
	says 0 "$enclua" --json run-task "$app" --data text.txt --max-price 1RLC
	jq -e '.cost.app == 500000000' out
	for order in $(value '.orders[] | select(.price == 500000000 or .price == 0) | .order' order list --app word-count --kind app); do
		"$enclua" --as ada order cancel "$order" > /dev/null
	done
	fails 4 "match-0x06: " "$enclua" --as ada run-task "$app" --data text.txt
	"$enclua" pool offer local --category S --tag gpu > /dev/null
	says 0 "$enclua" --json --as ada run-task "$app" --data text.txt
	jq -e '.cost.total == 0' out
}

@test "--dry-run says when the pool's workers are too few for the trust that is asked" {
	text
	says 0 "$enclua" run-task "$app_dir" --data text.txt --trust 3 --dry-run
	grep -qF "cannot reach trust 3" err
	says 0 "$enclua" --json run-task "$app_dir" --data text.txt --trust 3 --dry-run
	jq -e '.enough_workers == false' out
	"$enclua" pool worker add local ben > /dev/null
	says 0 "$enclua" --json run-task "$app_dir" --data text.txt --trust 3 --dry-run
	jq -e '.enough_workers' out
	says 0 "$enclua" run-task "$app_dir" --data text.txt --trust 3 --dry-run
	[ ! -s err ]
}

@test "--min-assurance: this machine offers software, which is more than none" {
	text
	says 0 "$enclua" run-task "$app_dir" --data text.txt --min-assurance none
	says 0 "$enclua" run-task "$app_dir" --data text.txt --min-assurance software
	fails 4 "not tpm2" "$enclua" run-task "$app_dir" --data text.txt --min-assurance tpm2
	fails 2 "no assurance level lots" "$enclua" run-task "$app_dir" --data text.txt --min-assurance lots
	grep -q "try: " err
}

@test "--dry-run tells the price, enters nothing, and asks nobody to pay" {
	deployed 1RLC
	text
	"$enclua" pool offer local --price 2RLC --category S > /dev/null
	"$enclua" key new fresh --no-passphrase > /dev/null
	before=$(entries) blobs=$(find "$ENCLUA_HOME/blobs" -type f | wc -l)
	says 0 "$enclua" --as fresh --json run-task "$app" --data text.txt --max-price 5RLC --payer ben --dry-run
	jq -e '.dry_run and .cost.total == 3000000000 and .category == "S" and (.pool | startswith("pool1"))' out
	says 0 "$enclua" --as fresh run-task "$app_dir" --data text.txt --max-price 5RLC --dry-run
	grep -qF "for 2 RLC; nothing was sealed" out	# what is given by path is one's own
	fails 7 "this run costs 3 RLC" "$enclua" run-task "$app" --data text.txt --dry-run
	[ "$(entries)" = "$before" ]
	[ "$(find "$ENCLUA_HOME/blobs" -type f | wc -l)" = "$blobs" ]
}

@test "--payer pays; the requester's account does not move" {
	deployed 1RLC
	text
	ben=$(free_of ben) me=$(free_of me)
	says 0 "$enclua" --json run-task "$app" --data text.txt --max-price 1RLC --payer ben
	deal=$(jq -r .deal out)
	[ "$(free_of ben)" = $((ben - 1000000000)) ]
	[ "$(free_of me)" = "$me" ]
	says 0 "$enclua" --json deal show "$deal"
	jq -e --arg ben "$(identity_of ben)" --arg me "$(identity_of me)" '.payer == $ben and .requester == $me' out
	[ "$(value '.transfers[-1].cause' account history ben)" = escrow ]
	[ "$(value '.transfers | length' account history me)" = 0 ]
	fails 3 "--payer" "$enclua" run-task "$app" --data text.txt --max-price 1RLC --payer nobody
	says 0 "$enclua" --as ben run-task "$app" --data text.txt --max-price 1RLC --payer ben
}

@test "pools, classes and trust that nobody offers are refused by name, before anything is sealed" {
	text
	"$enclua" --as carl pool create mill > /dev/null
	"$enclua" --as carl pool offer mill --price 1RLC --category S --trust 3 > /dev/null
	before=$(entries)
	fails 7 "offers nothing of category M" "$enclua" --as ada run-task "$app_dir" --category M --pool mill --data text.txt
	grep -qF "enclua order list --pool pool1" err
	fails 7 "of category S with trust 4" "$enclua" --as ada run-task "$app_dir" --pool mill --category S --trust 4 --data text.txt
	fails 7 "of category XL" "$enclua" --as ada run-task "$app_dir" --pool mill --category XL --data text.txt
	fails 3 "there is no" "$enclua" run-task "$app_dir" --pool nowhere --data text.txt
	fails 2 "XS, S, M, L or XL" "$enclua" run-task "$app_dir" --category XXL --data text.txt
	grep -q "try: " err
	fails 2 "whole number" "$enclua" run-task "$app_dir" --trust some --data text.txt
	grep -qF "try: enclua run-task --help" err
	[ "$(entries)" = "$before" ]
	says 0 "$enclua" --as ada run-task "$app_dir" --pool mill --category S --trust 3 --data text.txt --max-price 1RLC --dry-run
}

@test "--no-wait leaves it to workers; who asked watches and has the result" {
	deployed 1RLC
	text
	rich
	"$enclua" pool offer local --price 1RLC --category L > /dev/null
	says 0 "$enclua" --json run-task "$app" --data text.txt --max-price 2RLC --category L --purpose research --no-wait
	jq -e '.status == "RUNNING" and .cost.total == 2000000000' out
	task=$(jq -r .task out) deal=$(jq -r .deal out)
	[ "$(value .free account show "$deal/escrow")" = 2000000000 ] || [ "$(value .locked account show "$deal/escrow")" = 2000000000 ]
	request=$(value '.orders[-1].order' order list --kind request)
	"$enclua" book show "$request" > request.entry
	grep -q '^purpose: research$' request.entry
	grep -q '^category: 3$' request.entry
	says 0 "$enclua" worker run --once
	says 0 "$enclua" --json task watch "$task" --timeout 5s
	jq -e '.status == "COMPLETED"' out
	says 0 "$enclua" task result "$task" -o back
	[ -n "$(ls back)" ]
	[ -s back/task.receipt ]
	says 0 "$enclua" verify back/task.receipt
}

@test "several data are the requester's own" {
	text
	printf 'api: 1\nname: many\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\ninputs: { data: many }\n' > many.yaml
	mkdir many
	mv many.yaml many/iapp.yaml
	printf 'return function(task) task.result:write("r", "1") end\n' > many/main.lua
	"$enclua" protect text.txt --name kept > /dev/null
	"$enclua" --as ben protect text.txt --name bens > /dev/null
	says 0 "$enclua" --json run-task many --data kept --data text.txt
	"$enclua" book show "$(value '.orders[-1].order' order list --kind request)" > request.entry
	[ "$(grep -c '^own_data: data1' request.entry)" = 2 ]
	before=$(entries)
	fails 4 "with more than one data in a task, all must be your own" "$enclua" run-task many --data kept --data bens
	[ "$(entries)" = "$before" ]
}

@test "somebody else's data: by an offer of its owner, who is paid, and not by one that is used, over, or for others" {
	deployed 0
	text
	rich
	data=$(value .data --as ben protect text.txt --name bens)
	fails 4 "and nobody else may run on it" "$enclua" run-task "$app" --data bens --max-price 9RLC
	enter ben order.data data="$data" price=1 volume=5 only_requester="$(identity_of carl)" > /dev/null
	fails 4 "there is 1 grant, but: " "$enclua" run-task "$app" --data bens --max-price 9RLC
	enter ada order.data data="$data" price=1 volume=5 > /dev/null || :	# who does not own it cannot offer it
	fails 4 "there is 1 grant, but: " "$enclua" run-task "$app" --data bens --max-price 9RLC
	enter ben order.data data="$data" price=500000000 volume=1 only_requester="$(identity_of me)" > /dev/null
	ben=$(free_of ben)
	fails 7 "this run costs 0.5 RLC" "$enclua" run-task "$app" --data bens
	says 0 "$enclua" run-task "$app" --data bens --max-price 1RLC --dry-run
	grep -qF "bens is $data, which belongs to $(identity_of ben)" err
	says 0 "$enclua" --json run-task "$app" --data bens --max-price 1RLC -o result
	jq -e '.cost.data == 500000000 and .cost.total == 500000000' out
	[ "$(free_of ben)" = $((ben + 500000000)) ]
	fails 4 "there is 1 grant, but: " "$enclua" run-task "$app" --data bens --max-price 9RLC
}

@test "what an iApp prints or how it fails over somebody else's data stays away from who asked" {
	mkdir tell
	printf 'api: 1\nname: tell\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\ninputs: { data: one }\n' > tell/iapp.yaml
	printf 'return function(task) print("the word is " .. "out") error("the word is " .. "out", 0) end\n' > tell/main.lua
	text
	"$enclua" --as ada app deploy tell > /dev/null
	data=$(value .data --as ben protect text.txt --name bens)
	enter ben order.data data="$data" volume=5 > /dev/null
	says 8 "$enclua" run-task tell --data bens -o result
	[ "$(cat err out | grep -c "word is out")" = 0 ]
	task=$(value '.tasks[-1].task' task list)
	"$enclua" task log "$task" > log 2>&1 < /dev/null || :
	[ "$(grep -c "word is out" log)" = 0 ]
	says 8 "$enclua" --as ben run-task tell --data bens
	grep -q "word is out" err
}

@test "an offer that is cancelled between pricing and deal costs nobody anything" {
	deployed 1RLC
	text
	rich
	for i in 1 2 3; do
		"$enclua" run-task "$app" --data text.txt --max-price 1RLC > ran 2> ran.err < /dev/null &
		runner=$!
		"$enclua" --as ada order cancel "$(jq -r .order deployed)" > /dev/null
		got=0; wait $runner || got=$?
		[ $got -eq 0 ] || [ $got -eq 7 ] || { cat ran.err; return 1; }
		"$enclua" --as ada --json app deploy "$app_dir" --price 1RLC > deployed
	done
	says 0 "$enclua" book verify
	[ "$(value '[.tasks[] | select(.status != "COMPLETED")] | length' task list)" = 0 ]
}

@test "two first runs in a home that is not there yet: both end, in one book" {
	text
	export ENCLUA_HOME=$work/twins
	for i in 1 2; do "$enclua" run-task "$app_dir" --data text.txt > twin.$i 2>&1 < /dev/null & done
	got=0
	for job in $(jobs -p); do wait "$job" || got=$?; done
	[ $got -eq 0 ] || { cat twin.1 twin.2; return 1; }
	says 0 "$enclua" book verify
	[ "$(value '[.tasks[] | select(.status == "COMPLETED")] | length' task list)" = 2 ]
}

@test "a passphrase is asked for once, and not at all when the price is refused" {
	text
	export ENCLUA_HOME=$work/guarded
	printf 'correct horse\n' > pass
	"$enclua" --passphrase-file pass init > /dev/null
	python3 "$top/tests/protect/on_terminal" 'correct horse' -- timeout 60 "$enclua" run-task "$app_dir" --data text.txt --payer me -o once > said
	[ "$(grep -o -i 'passphrase of' said | wc -l)" -eq 1 ] || { cat said; return 1; }
	[ -s once/task.receipt ]
	"$enclua" --passphrase-file pass app offer word-count --price 1RLC > /dev/null
	"$enclua" key new poor --no-passphrase > /dev/null
	fails 7 "this run costs 1 RLC" setsid -w "$enclua" --as poor run-task word-count --data text.txt --payer me
}
