#!/usr/bin/env bats
# run-task --bulk: one question to many owners. Each slice is a task of its own; what an owner has taken back, let end, forbidden or used up is told, and ends nothing.

load helper
setup() {
	setup_grants
	mkdir roll
	printf 'api: 1\nname: roll\nversion: 1.0.0\nsummary: calls each data by its id\nentry: main.lua\ninputs:\n  data: bulk\noutputs: { deterministic: true }\n' > roll/iapp.yaml
	cat > roll/main.lua <<-'LUA'
		return function(task)
		    local out = {}
		    for i, d in ipairs(task.datasets) do
		        out[i] = ("%s %s"):format(d.id, d.error or d:get("n.txt"))
		    end
		    task.result:write("roll.txt", table.concat(out, "\n") .. "\n")
		end
	LUA
	roll=$(value .app app deploy roll)
}
teardown() { teardown_place; }

# give OWNER NAME OPTIONS…: data of that owner, which holds its own name, and a grant of it as one of many; sets data_NAME and grant_NAME
give() {
	local owner=$1 name=$2
	shift 2
	printf '%s' "$name" > n.txt
	declare -g "data_$name=$(value .data --as "$owner" protect n.txt --name "$name")"
	declare -g "grant_$name=$(value .grant --as "$owner" grant "$name" --app roll --user ben --bulk "$@")"
}
bulk() {
	local want=$1
	shift
	says "$want" "$enclua" --as ben --json run-task roll --bulk "$@"
}
# folder_policy DIR RULE: a policy with that one rule
folder_policy() {
	policy_folder "$1"
	sed -i "s/^name: kind/name: $1/" "$1/policy.yaml"
	printf 'local policy = require "policy"\nreturn policy { api = 1, id = "%s", %s }\n' "$1" "$2" > "$1/policy.lua"
}

@test "data of several owners in one task, in the order of their grants or as they are named; its receipt verifies" {
	give ada a1
	give carl c1
	give ada a2
	bulk 0 --all --dry-run
	jq -e --arg a "$data_a1" --arg c "$data_c1" --arg b "$data_a2" '.dry_run and (.slices | length == 1) and [.slices[0].data[].data] == [$a, $c, $b]' out
	bulk 0 --all -o one
	jq -e '.failed == 0 and .refused == 0 and .left_out == [] and (.slices | length == 1) and .slices[0].status == "COMPLETED" and .slices[0].data[2].refused == null' out
	printf '%s a1\n%s c1\n%s a2\n' "$data_a1" "$data_c1" "$data_a2" | cmp - one/slice-1/roll.txt
	says 0 "$enclua" verify one/slice-1/task.receipt
	[ "$(grep -c '^data  *data1' out)" -eq 3 ]
	says 0 "$enclua" --json verify one/slice-1/task.receipt
	jq -e --arg a "$data_a1" --arg c "$data_c1" --arg b "$data_a2" --arg g "$grant_c1" '([.data[].id] | sort) == ([$a, $b, $c] | sort) and (.release.grants | index($g)) and .release.refused == []' out
	bulk 0 a2 a1 a2 -o two
	printf '%s a2\n%s a1\n' "$data_a2" "$data_a1" | cmp - two/slice-1/roll.txt
	[ "$(value ".grants[] | select(.grant == \"$grant_a1\") | .used" grants --all)" = 2 ]
	[ "$(value ".grants[] | select(.grant == \"$grant_c1\") | .used" grants --all)" = 1 ]
	fails 6 "holds another bulk" "$enclua" --as ben run-task roll --bulk a1 -o two
	# One at a time in a folder
	flock two sleep 2 &
	sleep 0.3
	fails 6 "another run-task works in two" "$enclua" --as ben run-task roll --bulk a2 a1 a2 -o two
	wait
	bulk 0 a2 a1 a2 -o two
	fails 4 "--bulk takes many data of others" "$enclua" --as ben run-task roll --data a1 --data c1
	says 0 "$enclua" book verify
}

@test "what no longer holds when the data are looked for is left out, each with its reason" {
	give ada good
	give ada revoked
	give carl expired --until +1s
	give carl spent --uses 1
	give ada single
	"$enclua" --as ada revoke --all single > /dev/null 2>&1
	"$enclua" --as ada grant single --app roll --user ben > /dev/null
	"$enclua" --as ada revoke "$grant_revoked" > /dev/null 2>&1
	bulk 0 spent -o before
	sleep 1.1
	bulk 0 good revoked expired spent words -o out1
	jq -e --arg r "$data_revoked" --arg x "$data_expired" --arg s "$data_spent" --arg w "$data" '
		(.left_out | map({ (.data): .why }) | add) == { ($r): "revoked", ($x): "expired", ($s): "used up", ($w): "no grant with bulk lets this run in" }
		and (.slices[0].data | length == 1) and .refused == 0' out
	printf '%s good\n' "$data_good" | cmp - out1/slice-1/roll.txt
	fails 4 "no-grant: " "$enclua" --as ben run-task roll --bulk revoked -o none
	[ ! -e none ]
	fails 4 "no-grant: no data is granted with bulk to this run" "$enclua" --as carl run-task roll --bulk --all -o none
	bulk 0 --all -o all
	jq -e '[.left_out[].why] | sort == ["expired", "revoked", "revoked", "used up"]' out
}

@test "between the deal and the key: one revoked, one ended, one used up, one that a policy denies; the others run, the report is exact, the same command fetches it" {
	folder_policy never 'policy.forbid { id = "never", when = function() return true end, because = "no" }'
	folder_policy always 'policy.permit { id = "all", oblige { log = "none" } }'
	give ada good --policy ./always
	give ada revoked
	give carl expired --until +3s
	give carl spent --uses 1
	give carl denied --policy ./never
	give carl fine
	bulk 0 --all -o report --no-wait
	task=$(jq -r '.slices[0].task' out)
	[ "$(jq -r '.slices[0].status' out)" = RUNNING ]
	"$enclua" --as ada revoke "$grant_revoked" > /dev/null 2>&1
	bulk 0 spent -o other
	sleep 3.1
	says 0 "$enclua" worker run --once
	bulk 0 --all -o report
	[ "$(jq -r '.slices[0].task' out)" = "$task" ]
	jq -e '.refused == 4 and .failed == 0 and .slices[0].status == "COMPLETED"' out
	jq -e --arg g "$data_good" --arg r "$data_revoked" --arg x "$data_expired" --arg s "$data_spent" --arg d "$data_denied" --arg f "$data_fine" '
		(.slices[0].data | map({ (.data): .refused }) | add) == { ($g): null, ($r): "release-revoked", ($x): "release-expired", ($s): "release-used", ($d): "policy-denied", ($f): null }' out
	why="its owner's rules do not let this run use it"
	printf '%s good\n%s %s\n%s %s\n%s %s\n%s %s\n%s fine\n' "$data_good" "$data_revoked" "$why" "$data_expired" "$why" "$data_spent" "$why" "$data_denied" "$why" "$data_fine" |
		cmp - report/slice-1/roll.txt
	says 0 "$enclua" verify report/slice-1/task.receipt
	[ "$(value ".grants[] | select(.grant == \"$grant_denied\") | .used" grants --all)" = 0 ]
	[ "$(value ".grants[] | select(.grant == \"$grant_fine\") | .used" grants --all)" = 1 ]
	# Again: nothing is run twice
	before=$(value .entries book verify)
	bulk 0 --all -o report
	[ "$(value .entries book verify)" = "$before" ]
	says 0 "$enclua" book verify
}

@test "a slice of which nothing is left fails for itself, and its payer has the money back; the others are delivered" {
	give ada gone
	give ada stays
	bulk 0 --all --per-task 1 -o out1 --no-wait
	jq -e '[.slices[].status] == ["RUNNING", "RUNNING"]' out
	"$enclua" --as ada revoke "$grant_gone" > /dev/null 2>&1
	says 0 "$enclua" worker run --once
	says 0 "$enclua" worker run --once
	bulk 0 --all --per-task 1 -o out1
	jq -e '.failed == 1 and .slices[0].status == "FAILED" and (.slices[0].reason | contains("release-none")) and .slices[1].status == "COMPLETED"' out
	[ ! -e out1/slice-1 ]
	printf '%s stays\n' "$data_stays" | cmp - out1/slice-2/roll.txt
	says 0 "$enclua" book verify
}

@test "a run that is killed in its second slice goes on there" {
	for i in 1 2 3; do give ada "d$i"; done
	sed -i 's|^    local out = {}|    if task.datasets[1].name == "d2" then for _ = 1, 300000000 do end end\n    local out = {}|' roll/main.lua
	sed -i 's/^name: roll/name: slow/' roll/iapp.yaml
	says 0 "$enclua" --json app deploy roll || { cat roll/iapp.yaml; false; }
	for i in 1 2 3; do "$enclua" --as ada grant "d$i" --app slow --user ben --bulk --uses 1 > /dev/null; done
	"$enclua" --as ben --json run-task slow --bulk d1 d2 d3 --per-task 1 -o out1 > killed 2>&1 < /dev/null &
	pid=$!
	for _ in $(seq 400); do
		[ "$(jq -r '.slices[1].task' out1/bulk.json 2> /dev/null)" = null ] || [ ! -e out1/bulk.json ] || break
		sleep 0.05
	done
	sleep 0.3
	kill -9 $pid
	wait $pid || true
	first=$(jq -r '.slices[0].task' out1/bulk.json) second=$(jq -r '.slices[1].task' out1/bulk.json)
	[ "$second" != null ]
	[ -f out1/slice-1/task.receipt ]
	[ ! -e out1/slice-2 ]
	fails 6 "holds another bulk" "$enclua" --as ben run-task slow --bulk d1 d2 d3 --per-task 2 -o out1
	# Its grants are for one use each, and two of them are used: it must be the same tasks
	says 0 "$enclua" --as ben --json run-task slow --bulk d1 d2 d3 --per-task 1 -o out1
	jq -e --arg a "$first" --arg b "$second" '.failed == 0 and .refused == 0 and [.slices[].status] == ["COMPLETED", "COMPLETED", "COMPLETED"] and .slices[0].task == $a and .slices[1].task == $b' out
	[ "$(cut -d" " -f2 out1/slice-[123]/roll.txt | tr "\n" " ")" = "d1 d2 d3 " ]
	says 0 "$enclua" verify out1/slice-2/task.receipt
}

@test "101 data make two slices, and all receipts verify" {
	for i in $(seq 101); do give ada "n$i"; done
	bulk 0 --all -o many
	jq -e '[.slices[].data | length] == [100, 1] and .failed == 0 and .refused == 0' out
	[ "$(cat many/slice-1/roll.txt many/slice-2/roll.txt | wc -l)" = 101 ]
	[ "$(cut -d' ' -f2 many/slice-*/roll.txt | sed 's/^n//' | tr '\n' ' ')" = "$(seq -s ' ' 101) " ]
	says 0 "$enclua" verify many/slice-1/task.receipt
	says 0 "$enclua" verify many/slice-2/task.receipt
	says 0 "$enclua" book verify
}

@test "min_cohort: three data are enough for it, two are not, nor three of which one was taken back; another grant of the same data is no other data" {
	folder_policy three 'policy.permit { id = "three", oblige { min_cohort = 3 } }'
	give ada a1 --policy ./three
	give carl c1 --policy ./three
	bulk 4 --all -o two
	grep -q "release-none: none of the 2 grants" err
	[ -z "$(grep "and the money with it" err)" ]
	give carl c2
	bulk 0 --all -o three
	jq -e '.refused == 0 and (.slices[0].data | length == 3)' out
	bulk 0 --all -o back --no-wait
	"$enclua" --as carl revoke "$grant_c2" > /dev/null 2>&1
	says 0 "$enclua" worker run --once
	bulk 10 --all -o back
	grep -q "no key: release-none" err
	again=$(value .grant --as ada grant a1 --app roll --user any --bulk)
	no_entry 5 order-bulk ben order.request app="$roll" recipient="$(value .age key show ben)" params="$zero" volume=1 bulk="$grant_a1" bulk="$again"
	grep -q "are grants of the same data" err
}

@test "an entry has room for a hundred budgets: of 51 grants with two each the last is refused, and the others run" {
	folder_policy two 'policy.permit { id = "two", oblige { max_uses = 5, output_bytes = 1000000 } }'
	for i in $(seq 51); do give ada "n$i" --policy ./two; done
	bulk 0 --all -o out1
	jq -e --arg last "$data_n51" '.refused == 1 and .failed == 0 and [.slices[0].data[] | select(.refused) | [.data, .refused]] == [[$last, "budget-lines"]]' out
	says 0 "$enclua" verify out1/slice-1/task.receipt
}

@test "what the words must be" {
	fails 2 "--bulk needs the names of data after the iApp, or --all" "$enclua" --as ben run-task roll --bulk -o x
	fails 2 "--bulk needs the names of data after the iApp, or --all" "$enclua" --as ben run-task roll --bulk words --all -o x
	fails 2 "--bulk needs -o DIR" "$enclua" --as ben run-task roll --bulk --all
	fails 2 "--data is for one task" "$enclua" --as ben run-task roll --bulk --all --data words -o x
	fails 2 "does not know what to do with \"words\"" "$enclua" --as ben run-task roll words
	fails 2 "go with --bulk" "$enclua" --as ben run-task roll --all
	fails 2 "does not take many data" "$enclua" --as ben run-task word-count --bulk --all -o x
	fails 2 "--per-task" "$enclua" --as ben run-task roll --bulk --all --per-task 101 -o x
}
