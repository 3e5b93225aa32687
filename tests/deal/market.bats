#!/usr/bin/env bats
# The market by the words of the command line: offers, transfers, cancelling, deals, tasks, and refusals that name their rule and the command that helps. The rules
# themselves are held by tests/market, those of entries by tests/unit/test_host*.c.

load offers

setup() { setup_market; }
teardown() { teardown_place; }

# A whole offer: $app of ada at 1 RLC, $data of ben, the pool mill of carl at 2 RLC, with the machine's worker in it.
offers() {
	"$enclua" --as ada --json app deploy "$app_dir" --price 1RLC > deployed
	app=$(jq -r .app deployed) app_order=$(jq -r .order deployed)
	echo red > colours
	data=$(value .data --as ben protect colours --name colours)
	data_order=$(enter ben order.data data="$data" price=500000000 volume=10)
	value .pool --as carl pool create mill > /dev/null
	pool=$(value .pool pool show mill)
	pool_order=$(value .order --as carl pool offer mill --price 2RLC --trust 5)
	"$enclua" --as carl pool worker add mill worker > /dev/null
}

# ask FIELD=VALUE…: me asks for what is offered
ask() { request me data="$data" app_price=1000000000 data_price=500000000 pool_price=2000000000 "$@"; }
# released TASK WORKER: what the keeper says when it lets the key of the data go
released() {
	enter keeper key.release task="$1" worker="$2" box="$(value .age key show ben)" evidence="$zero" assurance=software measurement="$zero" as_of=1 grant="$data_order" > /dev/null
}
matching() { echo deal.match app="$app_order" data="$data_order" pool="$pool_order" request="$1"; }

@test "app deploy: registered once, offered each time; from a folder and from an archive" {
	says 0 "$enclua" --json app deploy "$app_dir" --price 0.5RLC --volume 7 --tag tee
	one_object out
	jq -e '.ok and .name == "word-count" and .price == 500000000 and .volume == 7 and .tag == ["tee"] and (.app | startswith("app1")) and (.order | startswith("order1"))' out
	app=$(jq -r .app out)
	"$enclua" app pack "$app_dir" -o it.iapp > /dev/null
	says 0 "$enclua" --json app deploy it.iapp
	jq -e --arg app "$app" '.app == $app and .price == 0 and .volume == 9007199254740991' out
	[ "$(value '.apps | length' app list)" = 1 ]
	[ "$(value '.orders | length' order list --app word-count)" = 2 ]
	says 0 "$enclua" app deploy "$app_dir"
	grep -q '^iApp      word-count' out
	grep -q '^order     order1' out
	grep -q 'any number of tasks' out
	fails 3 "there is no nowhere" "$enclua" app deploy nowhere
	fails 5 "not an iApp archive" "$enclua" app deploy "$top/README.md"
	says 2 "$enclua" app deploy "$app_dir" --volume 0
	says 2 "$enclua" app deploy "$app_dir" --tag unheard
	[ "$(value '.orders | length' order list --kind app)" = 3 ]
}

@test "offers carry their terms and restrictions; names in them must exist" {
	offers
	says 0 "$enclua" --as ada --json app offer word-count --price 3 --only-pool mill --only-requester ben --only-data "$data" --tag gpu --tag tee
	order=$(jq -r .order out)
	says 0 "$enclua" --json order show "$order"
	jq -e --arg ben "$(identity_of ben)" --arg pool "$pool" --arg data "$data" '.kind == "app" and .state == "open" and .price == 3 and .only_pool == $pool
		and .only_requester == $ben and .only_data == $data and .tag == ["tee", "gpu"] and .used == 0' out
	says 0 "$enclua" order show "${order:0:20}"
	grep -q "^only_pool .*(mill)" out
	grep -q "^only_requester .*(ben)" out
	fails 3 "--only-pool" "$enclua" --as ada app offer word-count --only-pool nowhere
	fails 3 "--only-requester" "$enclua" --as ada app offer word-count --only-requester nobody
	fails 3 "--only-data" "$enclua" --as ada app offer word-count --only-data none
	fails 3 "--only-pool" "$enclua" --as ada app offer word-count --only-pool list1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
	fails 3 "there is no iApp" "$enclua" --as ada app offer nothing
	refused 4 not-owner "enclua --as NAME" --as ben app offer word-count
	grep -q "belongs to ada, and you are ben" err
	# In force: a restriction that the requester does not meet
	r=$(ask)
	app_order=$(value .order --as ada app offer word-count --only-pool mill --only-requester ben)
	no_entry 4 match-0x15 me $(matching "$r")
}

@test "pools: made, told, staffed, priced; local is the manager's and needs no name" {
	says 0 "$enclua" --as carl --json pool create mill --stake-ratio 40 --scheduler-ratio 5 --price 0.25RLC
	jq -e '.name == "mill" and .stake_ratio == 40 and .scheduler_ratio == 5 and (.order | startswith("order1"))' out
	refused 6 pool-name "enclua pool list" pool create mill
	refused 5 pool-name "enclua pool list" pool create pool1qqqqqqqqqqqq
	says 2 "$enclua" pool create big --scheduler-ratio 101
	says 0 "$enclua" --as carl pool worker add mill worker
	refused 6 admit-twice "enclua pool show" --as carl pool worker add mill worker
	refused 4 not-owner "enclua --as NAME" pool worker add mill ben
	says 0 "$enclua" --as carl pool worker add mill ben
	says 0 "$enclua" --json pool show mill
	jq -e '.workers == 2 and (.members | length) == 2 and .offers[0].price == 250000000 and .offers[0].category == "XS" and .offers[0].trust == 1' out
	says 0 "$enclua" --as carl pool worker remove mill ben
	refused 6 dismiss-twice "enclua pool show" --as carl pool worker remove mill ben
	says 0 "$enclua" --as carl --json pool policy mill --stake-ratio 10
	jq -e '.stake_ratio == 10 and .scheduler_ratio == 5' out
	entries=$(value .entries book verify)
	says 0 "$enclua" --as carl pool policy mill
	grep -q "stakes 10 %" out
	[ "$(value .entries book verify)" = "$entries" ]
	refused 4 not-owner "enclua --as NAME" pool policy mill --stake-ratio 1
	says 0 "$enclua" pool offer local --price 1 --category L --trust 3 --tag gpu
	says 0 "$enclua" --json pool list
	jq -e '[.pools[] | .name] == ["local", "mill"] and (.pools[0].offers[0] | .category == "L" and .trust == 3 and .tag == ["gpu"] and .price == 1)
		and .pools[1].workers == 1' out
	says 2 "$enclua" pool offer local --category XXL
	fails 3 "there is no pool" "$enclua" pool show nowhere
	fails 5 "not an identity" "$enclua" pool worker add local enclua1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
}

@test "a transfer ends what the old owner offered, from that moment; deals that were made go on and pay who owned it then" {
	offers
	"$enclua" account deposit 10RLC > /dev/null
	first=$(ask)
	deal=$(enter me $(matching "$first"))
	task=$(enter ben task.initialize deal="$deal")
	worker=$(value '.members[0].worker' pool show mill)
	enter carl task.assign task="$task" worker="$worker"
	released "$task" "$worker"	# later it would not be: no key of data that its owner has given away
	second=$(ask)
	says 0 "$enclua" --as ada --json app transfer word-count ben
	jq -e --arg ben "$(identity_of ben)" '.to == $ben' out
	[ "$(value .state order show "$app_order")" = transferred ]
	[ "$(value '.orders | length' order list --app word-count --kind app --open)" = 0 ]
	no_entry 4 match-0x21 me $(matching "$second")
	refused 4 not-owner "enclua --as NAME" --as ada app offer word-count
	app_order=$(value .order --as ben app offer word-count --price 1RLC)
	says 0 "$enclua" --as ben data transfer colours ada
	[ "$(value .state order show "$data_order")" = transferred ]
	no_entry 4 match-0x31 me $(matching "$second")
	data_order=$(enter ada order.data data="$data" price=500000000 volume=10)
	says 0 "$enclua" --as carl pool transfer mill ada
	no_entry 4 match-0x41 me $(matching "$second")
	refused 4 not-owner "enclua --as NAME" --as carl pool worker add mill ben
	# The first deal is carl's to schedule, and pays ada for the iApp and ben for the data.
	ada=$(free_of ada) ben=$(free_of ben)
	no_entry 4 not-scheduler ada task.assign task="$task" worker="$worker"
	enter worker task.complete task="$task" digest=blob=40 outcome=COMPLETED measurement=blob=40 result=blob=50 size=50 assurance=software
	[ "$(free_of ada)" = $((ada + 1000000000)) ]
	[ "$(free_of ben)" = $((ben + 500000000)) ]
	# And back: what ada signed holds again.
	says 0 "$enclua" --as ben app transfer word-count ada
	[ "$(value '[.orders[] | select(.state == "open")] | length' order list --app word-count --kind app)" = 1 ]
	says 0 "$enclua" book verify
}

@test "data transfer: the new owner reads, the old one's key opens neither by command nor by hand" {
	offers
	says 0 "$enclua" --json data show colours
	hash=$(jq -r .blob out)
	refused 4 not-owner "enclua --as NAME" --as carl data transfer colours carl
	says 0 "$enclua" --as ben --json data transfer colours carl
	jq -e --arg data "$data" '.data == $data' out
	says 0 "$enclua" --as carl data get colours colours
	[ "$(cat out)" = red ]
	fails 4 "only its owner reads data" "$enclua" --as ben data get "$data" colours
	says 0 "$enclua" --json data show "$data"
	[ "$(jq -r .blob out)" = "$hash" ]
	jq -r .header out | base64 -d > sealed.age
	cat "$ENCLUA_HOME/blobs/$hash" >> sealed.age
	"$enclua" key export ben --secret-age -o ben.key > /dev/null
	"$enclua" key export carl --secret-age -o carl.key > /dev/null
	says 4 "$enclua" unseal -i ben.key -o stolen sealed.age
	[ ! -e stolen ]
	says 0 "$enclua" unseal -i carl.key -o opened sealed.age
	grep -aq red opened
	refused 4 not-owner "enclua --as NAME" --as ben data transfer "$data" ben
}

@test "order cancel: by the owner of what is offered, for good; deals that were made go on" {
	offers
	"$enclua" account deposit 10RLC > /dev/null
	r=$(ask)
	deal=$(enter me $(matching "$(ask)"))
	refused 4 not-owner "enclua --as NAME" --as ben order cancel "$app_order"
	says 0 "$enclua" --as ada --json order cancel "${app_order:0:22}"
	jq -e --arg order "$app_order" '.order == $order' out
	[ "$(value .state order show "$app_order")" = used ]
	no_entry 7 match-0x60 me $(matching "$r")
	[ "$(value '.tasks[0].status' deal show "$deal")" = unset ]
	fails 3 "there is no order" "$enclua" order cancel order1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
	refused 4 not-owner "enclua --as NAME" --as ada order cancel "$r"
	says 0 "$enclua" order cancel "$r"
	# The machine's pool: its orders are its manager's, and cancelled without a name
	order=$(value .order pool offer local)
	says 0 "$enclua" order cancel "$order"
	[ "$(value '.orders | length' order list --pool local --open)" = 0 ]
	says 2 "$enclua" order list --pool local --app word-count
	says 2 "$enclua" order list --kind thing
}

@test "each match that does not fit names its rule, and changes nothing" {
	offers
	no_entry 4 match-0x00 me $(matching "$(ask category=1)")
	no_entry 4 match-0x02 me $(matching "$(ask trust=6)")
	no_entry 7 match-0x03 me $(matching "$(ask app_price=999999999)")
	no_entry 7 match-0x04 me $(matching "$(ask data_price=499999999)")
	no_entry 7 match-0x05 me $(matching "$(ask pool_price=1999999999)")
	grep -qF "the pool asks 2 RLC, the request offers at most 1.999999999 RLC" err
	no_entry 4 match-0x06 me $(matching "$(ask tag=256)")
	no_entry 4 match-0x12 me $(matching "$(ask only_pool="$(value .pool pool show local)")")
	no_entry 7 funds me $(matching "$(ask)")	# me has no money
	grep -qF "has 0 RLC free and needs 3.5 RLC" err
	grep -qF "enclua account" err
	"$enclua" account deposit 10RLC > /dev/null
	enter me $(matching "$(ask)")
	says 0 "$enclua" book verify
}

@test "somebody else pays, once that one has signed" {
	offers
	r=$(ask payer="$(identity_of ben)")
	no_entry 4 match-0x71 me $(matching "$r")
	refused 4 sponsor-other "enclua order show" --as carl order sponsor "$r"
	refused 3 sponsor-unknown "enclua order list" --as ben order sponsor "$app_order"
	says 0 "$enclua" --as ben order sponsor "$r"
	before=$(free_of ben)
	deal=$(enter me $(matching "$r"))
	[ "$(free_of ben)" = $((before - 3500000000)) ]
	says 0 "$enclua" --json deal show "$deal"
	jq -e --arg ben "$(identity_of ben)" --arg me "$(identity_of me)" '.payer == $ben and .requester == $me and .cost == 3500000000 and .pool_stake == 600000000 and
		.trust == 1 and .category == "XS" and .size == 1 and .tasks[0].status == "unset"' out
	says 0 "$enclua" --json deal list
	jq -e --arg deal "$deal" '.deals | length == 1 and .[0].deal == $deal and .[0].tasks == 1' out
	says 0 "$enclua" deal show "${deal:0:20}"
	grep -q "^payer .*(ben)" out
	grep -q "^pool_price *2 RLC" out
}

@test "task show, watch and claim: where a task is, until it has ended" {
	offers
	"$enclua" account deposit 10RLC > /dev/null
	deal=$(enter me $(matching "$(ask)"))
	task=$(value '.tasks[0].task' deal show "$deal")
	fails 3 "there is no task" "$enclua" task show "$task"
	entries=$(value .entries book verify)
	refused 6 claim-early "enclua task" task claim "$task"	# it has not even begun, and does not begin by that
	[ "$(value .entries book verify)" = "$entries" ]
	enter ben task.initialize deal="$deal"
	worker=$(value '.members[0].worker' pool show mill)
	enter carl task.assign task="$task" worker="$worker"
	says 0 "$enclua" --json task show "$task"
	jq -e --arg deal "$deal" --arg worker "$worker" '.status == "RUNNING" and (.market | .deal == $deal and .status == "active" and .cost == 3500000000 and
		.workers[0].worker == $worker and .workers[0].state == "assigned" and .deadline.reveal == null and (.deadline.final | endswith("Z")))' out
	refused 6 claim-early "enclua task watch" task claim "$task"
	fails 10 "has not ended in time" "$enclua" task watch "$task" --timeout 300ms
	"$enclua" --json task watch "$task" > watched 2> watched.err < /dev/null &
	watcher=$!
	"$enclua" task watch "$task" > seen 2> seen.err < /dev/null &
	seer=$!
	while ! grep -q "active: 0 contributed" seen.err; do sleep 0.1; done
	released "$task" "$worker"
	enter worker task.complete task="$task" digest=blob=40 outcome=FAILED reason=error measurement=blob=40 assurance=software
	wait $watcher
	wait $seer
	one_object watched
	[ ! -s watched.err ]
	jq -e '.status == "FAILED" and .reason == "error" and .market.status == "completed" and .market.workers[0].state == "revealed"' watched
	grep -q "^completed: 1 contributed" seen.err
	grep -q "^status *FAILED" seen
	says 0 "$enclua" task watch "$task"
	refused 6 claim-status "enclua task show" task claim "$task"
	fails 3 "there is no task" "$enclua" task claim task1qqqqqqqqqq
	fails 3 "there is no task" "$enclua" task watch task1qqqqqqqqqq
	says 5 "$enclua" task watch "$task" --timeout soon
}

@test "account history names what caused each movement, and what it says adds up" {
	offers
	"$enclua" account deposit 10RLC > /dev/null
	"$enclua" account deposit 10RLC --to worker > /dev/null
	deal=$(enter me $(matching "$(ask trust=2)"))
	task=$(enter ben task.initialize deal="$deal")
	worker=$(value '.members[0].worker' pool show mill)
	"$enclua" --as carl pool worker add mill ben > /dev/null
	for who in worker ben; do
		key=$worker
		[ $who = worker ] || key=$(identity_of ben)
		[ "$(value .market.status task show "$task")" = active ] || break
		enter carl task.assign task="$task" worker="$key"
		released "$task" "$key"
		enter $who task.contribute task="$task"
	done
	[ "$(value .market.status task show "$task")" = revealing ]
	winners=$(value '.market.workers[].worker' task show "$task")
	for key in $winners; do
		who=worker
		[ "$key" = "$worker" ] || who=ben
		digest=sha256:$(printf '05%.0s' {1..32})
		enter $who task.reveal task="$task" digest="$digest" outcome=COMPLETED measurement=blob=40 result=blob=50 size=50 assurance=software
	done
	enter carl task.finalize task="$task" worker="$worker"
	causes() { value '[.transfers[].cause] | join(",")' account history "$1"; }
	[ "$(causes me)" = "deposit,escrow" ]
	[ "$(causes ada)" = "deposit,reward app" ]
	causes carl | grep -q "pool stake" && causes "$worker" | grep -q ",stake," && causes "$worker" | grep -q "reward"
	value '.transfers[] | .counterparty' account history ada | grep -q "$deal/escrow"
	says 0 "$enclua" account history carl
	grep -q "pool stake *to $deal/stake" out
	for who in me ada ben carl "$worker"; do
		[ "$(value '[.transfers[].amount] | add' account history "$who")" = "$(free_of "$who")" ]
	done
	[ "$(value .free account show "$deal/escrow")" = 0 ]
	says 0 "$enclua" book verify
}

@test "lists: an offer lets in who is added to one, from then on" {
	offers
	"$enclua" account deposit 10RLC > /dev/null
	says 0 "$enclua" --as ada --json list new ben
	one_object out
	list=$(jq -r .list out)
	jq -e --arg ben "$(identity_of ben)" --arg ada "$(identity_of ada)" '.owner == $ada and .members == [$ben]' out
	app_order=$(value .order --as ada app offer word-count --price 1RLC --only-requester "$list")
	r=$(ask)
	no_entry 4 match-0x15 me $(matching "$r")
	refused 4 not-owner "enclua --as NAME" list add "$list" me
	says 0 "$enclua" --as ada list add "$list" me carl
	grep -q "of ada, 3 members" out
	grep -q "(carl)" out
	enter me $(matching "$r")
	pools=$(value .list --as ada list new mill local --kind pool)
	[ "$(value '.members | map(.[0:5]) | join(",")' list show "$pools")" = pool1,pool1 ]
	fails 3 "" "$enclua" list new nobody
	says 2 "$enclua" list new me --kind thing
	fails 3 "there is no list" "$enclua" list show list1qqqqqqqq
	[ "$(value '.lists | length' list list)" = 2 ]
	says 0 "$enclua" book verify
}

@test "an offer of an app for more says that one for less is still open, and how to take it back; one for less or for other people says nothing" {
	mkdir dear
	printf 'api: 1\nname: dear\nversion: 1.0.0\nentry: main.lua\n' > dear/iapp.yaml
	echo 'return function() end' > dear/main.lua
	says 0 "$enclua" app deploy dear
	[ ! -s err ]
	cheap=$("$enclua" --json order list --app dear | jq -r '.orders[0].order')
	says 0 "$enclua" app deploy dear --price 0.1RLC
	grep -q "an earlier offer at 0 RLC is still open, and cheaper; to take it back: enclua order cancel $cheap" err
	says 0 "$enclua" app offer dear --price 0.2RLC
	grep -q "enclua order cancel $cheap" err
	says 0 "$enclua" order cancel "$cheap"
	says 0 "$enclua" app offer dear --price 0.05RLC
	[ ! -s err ]
	says 0 "$enclua" app offer dear --price 0 --only-requester ben
	says 0 "$enclua" app offer dear --price 0.05RLC
	[ ! -s err ]
}
