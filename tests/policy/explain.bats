#!/usr/bin/env bats
# enclua policy explain of a question that nobody asked yet: what options say, why not, and what would make it a yes.

load ../grant/helper
load policy

setup() {
	setup_grants
	policy_make p p 'policy.permit { id = "research", purposes = { "DUO:0000006" }, users = { "'"$ben"'" }, min_assurance = "software", when = function(r) return r.task.bulk_size <= 100 end,
      oblige = policy.oblige { price = 25 } },
    policy.permit { id = "own", users = { "'"$ada"'" }, purposes = { "teaching" }, not_after = "2020-01-01", min_assurance = "cvm" },
    policy.forbid { id = "copies", when = function(r) return r.app.outputs_raw end, because = "raw copies are not for sale" }'
}

teardown() { teardown_place; }

@test "a denial: which conditions failed, and what would make it a yes is tried" {
	before=$(value .entries book verify)
	says 0 "$enclua" policy explain ./p --data "$data" --app word-count --user ben --purpose marketing --price 25
	grep -q '^policy    p 1.0.0  h1:' out
	grep -q '^decision  deny: no-permit$' out
	grep -q '^permit research: does not hold$' out
	grep -q '^  purposes       no   asked "marketing", rule admits DUO:0000006$' out
	grep -q '^  users          yes$' out
	grep -q '^to get a yes by research, these have to hold: purposes$' out
	[ "$(grep -c 'to get a yes' out)" -eq 1 ]	# only by the rule that lacks least
	says 0 "$enclua" --json policy explain ./p --data "$data" --app word-count --user ben --purpose marketing --price 25
	one_object out
	jq -e --arg ben "$ben" --arg data "$data" --arg app "$app" '.effect == "deny" and .reasons == ["no-permit"] and .missing == [{"rule":"research","conditions":["purposes"],"then":"permit"}]
		and .question.user == $ben and .question.data.id == $data and .question.app.id == $app and .question.app.name == "word-count" and .question.deal.data_price == 25' out
	[ "$(value .entries book verify)" = "$before" ]
	[ "$(value '.policies | length' policy list)" -eq 0 ]
}

@test "a yes, with what it obliges to; and each option turns it" {
	declare -A with=([--data]=$data [--app]=word-count [--user]=ben [--purpose]=DUO:0000007 [--price]=25)
	options() { local o; asked=(); for o in "${!with[@]}"; do asked+=("$o" "${with[$o]}"); done; }
	options
	says 0 "$enclua" policy explain ./p "${asked[@]}"
	grep -q '^decision  permit: research$' out
	grep -q '^obliges   {"price":25}$' out
	[ "$(grep -c 'to get a yes' out)" -eq 0 ]
	while read -r option value what; do
		before=${with[$option]:-}
		with[$option]=$value
		options
		says 0 "$enclua" --json policy explain ./p "${asked[@]}"
		if [ -n "$before" ]; then with[$option]=$before; else unset "with[$option]"; fi
		jq -e --arg what "$what" '.effect == "deny" and (((.missing[0].conditions // []) + .reasons) | index($what))' out > /dev/null || { echo "$option"; cat out; return 1; }
	done <<- END
		--user carl users
		--purpose DUO:0000042 purposes
		--assurance none min_assurance
		--bulk-size 101 when
		--price 24 obligation:price
	END
	options
	says 0 "$enclua" --json policy explain ./p "${asked[@]}" --pool local --scope key_release --uses 7
	jq -e --arg pool "$(value .pool pool show local)" '.effect == "permit" and .question.pool.id == $pool and .question.scope == "key_release" and .question.counters.uses == 7' out
}

@test "when meeting what is lacking would still be forbidden, it says so" {
	policy_make f f 'policy.permit { id = "research", purposes = { "research" } }, policy.forbid { id = "ben", users = { "'"$ben"'" }, because = "he knows why" }'
	says 0 "$enclua" policy explain ./f --user ben --purpose marketing
	grep -q '^decision  deny: forbid:ben$' out
	grep -q '^forbid ben: holds – he knows why$' out
	grep -q '^to get a yes by research, these have to hold: purposes – and even then: deny (forbid:ben)$' out
	grep -q '^ben forbids whatever else holds$' out
}

@test "a policy in error is explained, too" {
	policy_make f f 'policy.permit { id = "r", when = function(r) return r.nothing end }'
	says 0 "$enclua" policy explain ./f
	grep -q '^decision  deny: error:E_TASK$' out
	grep -q '^errors    E_TASK in r: policy.lua:4: the request has no nothing$' out
	policy_make f f 'policy.permit { id = "r", obliges = 1 }'
	says 0 "$enclua" policy explain ./f
	grep -q '^errors    E_INVALID: .*unknown key' out
	printf 'while true do end\n' > f/policy.lua
	says 0 "$enclua" policy explain ./f
	grep -q '^decision  deny: error:E_LIMIT$' out
}

@test "what is not there is refused" {
	fails 3 "no policy of that name" "$enclua" policy explain nothing
	fails 3 "--data" "$enclua" policy explain ./p --data nothing
	fails 3 "--app" "$enclua" policy explain ./p --app nothing
	fails 3 "--user" "$enclua" policy explain ./p --user nobody
	fails 3 "--pool" "$enclua" policy explain ./p --pool nowhere
	fails 5 "--price: \"much\"" "$enclua" policy explain ./p --price much
	fails 2 "which policy" "$enclua" policy explain
	fails 2 "--grant goes with" "$enclua" policy explain ./p --task task1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
}

@test "diff over cases, without a home: wider, narrower, the same" {
	policy_make q q 'policy.permit { id = "research", purposes = { "DUO:0000006" }, min_assurance = "software", oblige = policy.oblige { price = 25 } }'
	printf '[{"name":"a","question":{"purpose":"DUO:0000006","user":"%s","deal":{"data_price":25}},"expect":{"effect":"permit"}},
		{"name":"b","question":{"purpose":"DUO:0000006","user":"%s","deal":{"data_price":25}},"expect":{"effect":"deny"}}]' "$ben" "$carl" > some.json
	says 6 "$enclua" --home nowhere policy diff ./p ./q --cases some.json
	grep -q '^case "b": deny (no-permit) → permit (research) {"price":25}  WIDER$' out
	grep -q '^2 questions asked, 1 answered otherwise, 1 more widely$' out
	says 0 "$enclua" --home nowhere policy diff ./q ./p --cases some.json
	grep -q '^case "b": permit (research) {"price":25} → deny (no-permit)$' out
	says 0 "$enclua" --home nowhere policy diff ./p ./p --cases some.json
	[ ! -e nowhere ]
	fails 2 "over which questions" "$enclua" policy diff ./p ./q
	fails 2 "--over takes" "$enclua" policy diff ./p ./q --over yesterday
	fails 2 "was given by path" "$enclua" policy diff ./p ./q --over book
	fails 3 "nowhere.json" "$enclua" policy diff ./p ./q --cases nowhere.json
}
