#!/usr/bin/env bats
# enclua policy test: cases, coverage, mutants; and that each of these finds what it is for.

load helper

setup() { setup_home; }
teardown() { teardown_home; }

# cases JSON…: the list of cases of the policy in p
cases() {
	local IFS=,
	printf '[%s]\n' "$*" > p/cases.json
}
deny='{"name":"others are denied","question":{"purpose":"marketing"},"expect":{"effect":"deny","reasons":["no-permit"]}}'
permit='{"name":"research is permitted","question":{"purpose":"research/cancer"},"expect":{"effect":"permit","rules":["r"],"obligations":{"price":25}}}'
few='{"name":"too little is denied","question":{"purpose":"research"},"expect":{"effect":"deny","reasons":["obligation:price"]}}'
paid='{"name":"research is permitted","question":{"purpose":"research/cancer","deal":{"data_price":25}},"expect":{"effect":"permit","rules":["r"],"obligations":{"price":25}}}'
rules='policy.permit { id = "r", purposes = { "research" }, oblige = policy.oblige { price = 25 } }'

@test "the sample policies: every case, every condition, every mutant" {
	for p in "$top"/manifests/policies/*/; do
		says 0 "$enclua" policy test "$p" --coverage --mutate
		[ "$(grep -c '^not ok' out)" -eq 0 ]
		grep -q '^# all [0-9]* mutants are noticed$' out
		[ "$(grep -c '^ok ' out)" -eq "$(sed -n 's/^1\.\.//p' out)" ]
		[ "$(grep -c 'no case notices' out)" -eq 0 ]
		"$enclua" policy deploy "$p" > /dev/null
	done
	[ "$(value '.policies | length' policy list)" = "$(ls "$top/manifests/policies" | wc -l)" ]
}

@test "no home is needed, and none is made" {
	policy_make p p "$rules"
	cases "$deny" "$paid"
	says 0 "$enclua" --home nowhere policy test p
	[ ! -e nowhere ]
}

@test "a case that fails says what was got, and the exit status is 8" {
	policy_make p p "$rules"
	cases "$deny" "$permit" "$few"
	says 8 "$enclua" policy test p
	grep -q '^1\.\.3$' out
	grep -q '^ok 1 - others are denied$' out
	grep -q '^not ok 2 - research is permitted$' out
	grep -q '^# got deny, obligation:price$' out
	grep -q '1 of 3 cases fail: research is permitted' err
	fails 8 '1 of 3 cases fail' "$enclua" --json policy test p
	jq -e '.ok == false and .error.code == "E_TASK"' err
	cases "$deny" "$paid" "$few"
	says 0 "$enclua" --json policy test p --coverage --mutate
	one_object out
	jq -e '.ok and .cases == 3 and .must_deny == 2 and .mutants == 3 and .surviving == [] and .not_covered == []
		and .rules == [{"rule":"r","decided":2,"conditions":{"purposes":{"held":2,"failed":1}}}]' out
}

@test "what is expected is held exactly: rules, reasons, obligations" {
	policy_make p p "$rules"
	for wrong in '{"effect":"permit","rules":["other"]}' '{"effect":"permit","rules":[]}' '{"effect":"permit","rules":["r","s"]}' '{"effect":"permit","reasons":["x"]}' \
		'{"effect":"permit","obligations":{}}' '{"effect":"permit","obligations":{"price":24}}' '{"effect":"permit","obligations":{"price":25,"max_uses":1}}' \
		'{"effect":"deny"}'; do
		cases "$deny" '{"name":"a","question":{"purpose":"research","deal":{"data_price":25}},"expect":'"$wrong"'}'
		says 8 "$enclua" policy test p
		grep -q '^not ok 2 - a$' out
	done
}

@test "without a case that expects a denial the test fails" {
	policy_make p p "$rules"
	cases "$paid"
	says 8 "$enclua" policy test p
	grep -q 'no case expects a denial' err
	echo '[]' > p/cases.json
	says 8 "$enclua" policy test p
}

@test "coverage: a rule that decides nothing, and a condition that is never false" {
	policy_make p p "$rules, policy.forbid { id = \"never\", users = { \"$("$enclua" --json key show me | jq -r .identity)\" } }"
	cases "$deny" "$paid"
	says 0 "$enclua" policy test p
	grep -q '^# not covered: forbid never has decided no case$' out
	says 8 "$enclua" policy test p --coverage
	grep -q '1 part of the policy decided nothing' err
	policy_make p p 'policy.permit { id = "r", purposes = { "research" } }, policy.permit { id = "s", min_assurance = "software", purposes = { "research" } }'
	cases "$deny" '{"name":"a","question":{"purpose":"research"},"expect":{"effect":"permit"}}'
	says 8 "$enclua" policy test p --coverage
	grep -q '^# not covered: min_assurance of permit s was never false$' out
}

@test "mutants: a rule, a condition and an obligation that no case needs are each named" {
	policy_make p p "policy.permit { id = \"r\", purposes = { \"research\" }, min_assurance = \"software\", oblige = policy.oblige { price = 25 } }, policy.permit { id = \"s\", purposes = { \"research\" } }"
	cases "$deny" '{"name":"a","question":{"purpose":"research","deal":{"data_price":25}},"expect":{"effect":"permit"}}'
	says 0 "$enclua" policy test p
	says 8 "$enclua" policy test p --mutate
	for mutant in 'without r' 'r without min_assurance' 'r without oblige.price' 'without s'; do
		grep -q "^# mutant $mutant: no case notices$" out
	done
	grep -q '^# mutant r without purposes: caught by case 1$' out
	grep -q '4 of 6 mutants are noticed by no case' err
}

@test "errors deny, but a denial by an error is no success unless it is expected" {
	policy_make p p 'policy.permit { id = "r", purposes = { "research" }, when = function(r) return r.nothing == 1 end }'
	cases '{"name":"a","question":{"purpose":"marketing"},"expect":{"effect":"deny"}}'
	says 8 "$enclua" policy test p
	grep -q '^# got E_TASK in r: policy.lua:4: the request has no nothing' out
	cases '{"name":"a","question":{"purpose":"marketing"},"expect":{"effect":"deny","reasons":["error:E_TASK"]}}'
	says 0 "$enclua" policy test p
	policy_make p p 'policy.permit { id = "r", purpose = { "research" } }'
	cases "$deny"
	says 8 "$enclua" policy test p
	grep -q 'E_INVALID.*unknown key' out
	printf 'while true do end\n' > p/policy.lua
	cases '{"name":"a","expect":{"effect":"deny","reasons":["error:E_LIMIT"]}}'
	says 0 "$enclua" policy test p
}

@test "what is no case is refused, with its number and what is wrong" {
	policy_make p p "$rules"
	while IFS='|' read -r case words; do
		printf '[%s]\n' "$case" > p/cases.json
		fails 5 "$words" "$enclua" policy test p
	done <<- 'END'
		1|case 1: it must be an object
		{"question":{}}|case 1: it has no name
		{"name":"a"}|case 1 "a": it expects nothing
		{"name":"a","expect":{}}|expect.effect must be
		{"name":"a","expect":{"effect":"allow"}}|expect.effect must be
		{"name":"a","expect":{"effect":"deny","reason":[]}}|did you mean "reasons"?
		{"name":"a","expects":{"effect":"deny"}}|did you mean "expect"?
		{"name":"a","expect":{"effect":"deny","rules":"r"}}|expect.rules must be a list of texts
		{"name":"a","expect":{"effect":"deny","rules":[1]}}|expect.rules must be a list of texts
		{"name":"a","expect":{"effect":"deny","obligations":{"prize":1}}}|expect.obligations
		{"name":"a","question":{"purposes":[]},"expect":{"effect":"deny"}}|there is no member purposes; did you mean "purpose"?
		{"name":"a","question":{"app":{"egres":[]}},"expect":{"effect":"deny"}}|there is no member app.egres; did you mean "egress"?
		{"name":"a","question":{"mutate":{}},"expect":{"effect":"deny"}}|there is no member mutate
		{"name":"a","question":{"app":1},"expect":{"effect":"deny"}}|app must be an object
		{"name":"a","question":{"time":"now"},"expect":{"effect":"deny"}}|time must be an integer
		{"name":"a","question":{"time":1.5},"expect":{"effect":"deny"}}|time must be an integer
		{"name":"a","question":{"time":99999999999999999999},"expect":{"effect":"deny"}}|time must be an integer
		{"name":"a","question":{"purpose":1},"expect":{"effect":"deny"}}|purpose must be text
		{"name":"a","question":{"app":{"egress":"x"}},"expect":{"effect":"deny"}}|app.egress must be a list of texts
		{"name":"a","question":{"app":{"egress":[1]}},"expect":{"effect":"deny"}}|app.egress must be a list of texts
		{"name":"a","expect":{"effect":"deny"}},{"name":"a","expect":{"effect":"deny"}}|case 2 "a": an earlier case has the same name
		{"name":"a","expect":{"effect":"deny"},"name":"b"}|cases.json
		{|cases.json
	END
	echo '{"case":[]}' > p/cases.json
	fails 5 'did you mean "cases"?' "$enclua" policy test p
	echo '{"question":{}}' > p/cases.json
	fails 5 'it must be a list of cases' "$enclua" policy test p
	rm p/cases.json
	fails 3 'a policy needs cases' "$enclua" policy test p
}

@test "an archive is tested with the cases that --cases names" {
	policy_make p p "$rules"
	cases "$deny" "$paid"
	"$enclua" policy pack p > /dev/null
	fails 2 "--cases FILE" "$enclua" policy test p.policy
	says 0 "$enclua" policy test p.policy --cases p/cases.json
	fails 3 "no policy of that name" "$enclua" policy test nowhere --cases p/cases.json
}

@test "the question for all cases lies under that of each" {
	policy_make p p "$rules"
	printf '{"question":{"purpose":"research","deal":{"data_price":25}},"cases":[{"name":"a","expect":{"effect":"permit"}},{"name":"b","question":{"purpose":"x"},"expect":{"effect":"deny"}},
		{"name":"c","question":{"deal":{"app_price":7}},"expect":{"effect":"permit"}},{"name":"d","question":{"deal":{"data_price":24}},"expect":{"effect":"deny"}}]}' > p/cases.json
	says 0 "$enclua" policy test p
}
