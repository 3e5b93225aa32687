#!/usr/bin/env bats
# Decisions of the book made again: policy replay, policy diff --over book, policy explain of what was asked. The keeper of these tests is tests/policy/decide.c.

load ../grant/helper
load policy

setup() {
	setup_grants
	export BUILD=$build
	policy_make p paid 'policy.permit { id = "research", purposes = { "research" }, oblige = policy.oblige { price = 25, max_uses = 1000000000 } },
    policy.permit { id = "carl", users = { "'"$carl"'" } }, policy.forbid { id = "marketing", purposes = { "marketing" }, because = "not for sale" }'
	grant=$(grant --user any --price 25 --policy ./p)
	policy=$(value .policy policy show paid)
}

teardown() { teardown_place; }

# asks NAME PURPOSE: a request for the data; prints it
asks() { enter "$1" order.request app="$app" data="$data" data_price=25 recipient="$(value .age key show "$1")" params="$zero" volume=1 ${2:+purpose=$2}; }
decide() { "$build/policy/decide" "$ENCLUA_HOME" "$@"; }

@test "replay: every decision again, bit for bit, also after the book has grown" {
	says 0 "$enclua" policy replay
	grep -q '^0 decisions made again' out
	research=$(asks ben research/cancer) marketing=$(asks ben marketing) other=$(asks carl marketing) none=$(asks ben "")
	[ "$(decide "$grant" "$research" 30)" -eq 30 ]
	[ "$(decide "$grant" "$marketing" 30)" -eq 0 ]
	"$enclua" account deposit 1RLC --to ben > /dev/null
	[ "$(decide "$grant" "$other" 30)" -eq 0 ]
	[ "$(decide "$grant" "$none" 10)" -eq 0 ]
	"$enclua" --as ada revoke "$grant" > /dev/null	# what was decided was decided of the book as it was
	says 0 "$enclua" --json policy replay
	one_object out
	jq -e '.ok and .decisions == 100 and .permits == 30 and .denials == 70 and .other_engines == 0' out
	says 0 "$enclua" policy replay --policy paid
	grep -q '^100 decisions made again: 30 permits, 70 denials, all the same bit for bit$' out
	fails 3 "policy" "$enclua" policy replay --policy nothing
}

@test "replay over hundreds of decisions; LONG=1: over ten thousand" {
	n=${LONG:+10000}
	n=${n:-300}
	research=$(asks ben research) marketing=$(asks carl marketing)
	[ "$(decide "$grant" "$research" $((n * 2 / 3)))" -eq $((n * 2 / 3)) ]
	[ "$(decide "$grant" "$marketing" $((n - n * 2 / 3)))" -eq 0 ]
	says 0 "$enclua" --json policy replay
	jq -e --argjson n "$n" '.decisions == $n and .permits == ($n * 2 / 3 | floor)' out
}

@test "replay finds each lie of a keeper, and says which entry and what" {
	research=$(asks ben research)
	while IFS='|' read -r lie words; do
		cp -r "$ENCLUA_HOME" honest
		decide "$grant" "$research" 5 "$lie" > /dev/null
		fails 5 "$words" "$enclua" policy replay
		last=$(($(value .entries book verify) - 1))
		grep -q "entry $last, policy $policy, scope match" err || { cat err; return 1; }
		grep -q '4 before it are the same' err
		rm -r "$ENCLUA_HOME" && mv honest "$ENCLUA_HOME"
	done <<- 'END'
		question|the question was sha256:
		answer|the answer was sha256:
		effect|the effect was deny and is permit
		rule|the rules are others
		reason|the reasons are others
		obligations|the obligations were {"price":1} and are {"max_uses":1000000000,"price":25}
	END
	decide "$grant" "$research" 1 > /dev/null
	decide "$grant" "$research" 5 as_of > /dev/null
	fails 5 "the question was sha256:" "$enclua" policy replay
}

@test "diff over the book: a wider policy is told, a narrower one is no error" {
	research=$(asks ben research) marketing=$(asks ben marketing)
	decide "$grant" "$research" 4 > /dev/null
	decide "$grant" "$marketing" 4 > /dev/null
	says 0 "$enclua" policy diff paid paid --over book
	grep -q '^8 questions asked, 0 answered otherwise, 0 more widely$' out
	policy_make narrow narrow 'policy.permit { id = "research", purposes = { "research" }, oblige = policy.oblige { price = 25, max_uses = 5 } }'
	says 0 "$enclua" --json policy diff paid ./narrow --over book
	one_object out
	jq -e '.asked == 8 and .changed == 4 and all(.changes[]; .wider | not)' out
	policy_make wide wide 'policy.permit { id = "all", oblige = policy.oblige { price = 25, max_uses = 1000000000 } }'
	says 6 "$enclua" policy diff "$policy" ./wide --over book
	[ "$(grep -c 'deny (forbid:marketing) → permit (all).*WIDER$' out)" -eq 4 ]
	grep -q 'the new policy is wider: .* in 4 of 8: entry [0-9]* (' err
	policy_make cheap cheap 'policy.permit { id = "research", purposes = { "research" }, oblige = policy.oblige { price = 24, max_uses = 5 } }'
	says 6 "$enclua" policy diff paid ./cheap --over book
	[ "$(grep -c 'permit (research).*"price":25.* → permit (research).*"price":24.*WIDER$' out)" -eq 4 ]
	fails 6 "the new policy is wider" "$enclua" --json policy diff paid ./wide --over book
	[ ! -e narrow.policy ]
	[ "$(value '.policies | length' policy list)" -eq 1 ]
}

@test "explain: of a decision, of a request, and what is no such thing" {
	marketing=$(asks ben marketing)
	decide "$grant" "$marketing" 1 > /dev/null
	entry=$(($(value .entries book verify) - 1))
	says 0 "$enclua" policy explain "$entry"
	grep -q "^entry     $entry: asked at offer, as of $entry entries; it was decided: deny: forbid:marketing$" out
	grep -q '^decision  deny: forbid:marketing$' out
	grep -q '^forbid marketing: holds – not for sale$' out
	grep -q '^  purposes       no   asked "marketing", rule admits research$' out
	grep -q '^marketing forbids whatever else holds$' out
	says 0 "$enclua" --json policy explain "$marketing"
	one_object out
	jq -e --argjson entry "$entry" '.decisions | length == 1 and .[0].entry == $entry and .[0].effect == "deny" and .[0].question.purpose == "marketing"' out
	other=$(asks carl)
	fails 3 "no policy was asked about $other" "$enclua" policy explain "$other"
	fails 2 "is a book.open" "$enclua" policy explain 0
}

@test "decisions about a task: explained by its id, made again as of then" {
	fields=$(by_hand "$grant" purpose=research)
	request=${fields##*request=}
	decide "$grant" "$request" 2 > /dev/null	# without it there would be no match
	deal=$(enter me $fields)
	task=$(enter me task.initialize deal="$deal")
	fails 3 "no policy was asked about $task" "$enclua" policy explain "$task"
	[ "$(decide "$grant" "$request/$task" 2)" -eq 2 ]
	says 0 "$enclua" --json policy explain "$task"
	jq -e --arg task "$task" --arg deal "$deal" '.decisions | length == 2 and all(.[]; .scope == "key_release" and .effect == "permit" and .question.task.id == $task and .question.deal.id == $deal)' out
	says 0 "$enclua" --json policy explain "$request"
	jq -e '.decisions | length == 4' out
	says 0 "$enclua" --json policy explain --grant "$grant" --task "$task"
	jq -e '.effect == "permit" and .question.scope == "key_release"' out
	says 0 "$enclua" policy replay
	grep -q '^4 decisions made again: 4 permits' out
}

@test "what the home's own keeper decided in runs is made again, and explained" {
	grant --user carl --policy "$top/manifests/policies/research-only" > /dev/null
	says 0 "$enclua" --as carl --json run-task word-count --data "$data" --purpose DUO:0000007
	task=$(jq -r .task out)
	fails 4 "does not permit this run: no-permit" "$enclua" --as carl run-task word-count --data "$data" --purpose DUO:0000042
	says 0 "$enclua" --json policy replay
	jq -e '.permits == 2 and .denials == 1 and .other_engines == 0' out
	says 0 "$enclua" --json policy explain "$task"
	jq -e '.decisions | length == 1 and .[0].scope == "key_release" and .[0].effect == "permit" and .[0].obligations == {"log":"none","egress":[]}' out
	says 6 "$enclua" policy diff research-only ./p --over book
	grep -q '^entry [0-9]* (match): deny (no-permit) → permit (carl)  WIDER$' out
}

@test "explain of orders that are in the book, as it is now" {
	marketing=$(asks ben other) research=$(asks ben research)
	says 0 "$enclua" --json policy explain --grant "$grant" --request "$marketing"
	jq -e --arg user "$ben" '.effect == "deny" and .reasons == ["no-permit"] and .question.user == $user and .question.purpose == "other" and .question.scope == "match"
		and (.missing | map(select(.rule == "research"))[0] | .conditions == ["purposes"] and .then == "permit")' out
	says 0 "$enclua" policy explain --grant "$grant" --request "$research"
	grep -q '^decision  permit: research$' out
	grep -q '^obliges   {"max_uses":1000000000,"price":25}$' out
	fails 2 "goes with --request or --task" "$enclua" policy explain --grant "$grant"
	fails 2 "is no request" "$enclua" policy explain --grant "$grant" --request "$grant"
	fails 2 "is no grant" "$enclua" policy explain --grant "$research" --request "$research"
	plain=$(grant --user carl)
	fails 3 "names no policy" "$enclua" policy explain --grant "$plain" --request "$research"
	says 0 "$enclua" policy explain ./p --grant "$plain" --request "$research"
	grep -q '^decision  deny: obligation:price$' out
	grep -q 'the obligation price is not met' out
}
