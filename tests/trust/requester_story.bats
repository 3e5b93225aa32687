#!/usr/bin/env bats
# A story to read: ada lets others compute with her patients' records under rules of her own, and ben finds out what they let him do. Each step is a command that anybody can type.

load ../deal/offers
load ../policy/policy
setup() { setup_market; }
teardown() { teardown_place; }

# asks NUMBER PURPOSE: ben runs the iApp on her data and states what for
asks() { "$enclua" --as ben run-task cohort-average --data "$data" --arg column=age --purpose "$2" -o "$1"; }

@test "research only, two uses, small results: a marketing run is refused, two research runs go, the third does not, and after the revocation none" {
	# The machine's operator, `me`, has put an iApp into the book. It computes the average of a column.
	"$enclua" app deploy "$top/iapps/cohort-average" > /dev/null

	# Ada writes down what she wants: for research, twice at most, and no more than 64 KiB of results in all. That is a policy.
	policy_make research research-only \
		'policy.permit { id = "research", purposes = { "research" }, oblige = policy.oblige { max_uses = 2, output_bytes = 64 * 1024 } }'

	# She seals her file under it, and lets ben run that iApp on it.
	printf 'age,weight\n34,61\n58,80\n40,72\n45,66\n61,70\n38,59\n29,64\n51,77\n47,68\n36,62\n' > patients.csv
	data=$(value .data --as ada protect patients.csv --name patients --policy ./research)
	says 0 "$enclua" --as ada grant patients --app cohort-average --user ben
	grep -q "by the policy research-only" out
	grant=$(value '.grants[0].grant' grants patients)

	# Ben asks for marketing. It is refused with the reason, and he is told how to find out what it would take.
	fails 4 "the owner's policy does not permit this run: no-permit" asks marketing marketing
	[ ! -e marketing ]
	grep -q "try: enclua policy explain --grant $grant --request order1" err
	request=$(grep -o -- '--request order1[a-z0-9]*' err | cut -d ' ' -f 2)
	says 0 "$enclua" policy explain --grant "$grant" --request "$request"
	grep -q '^decision  deny: no-permit$' out
	grep -q '^  purposes       no   asked "marketing", rule admits research$' out
	grep -q '^to get a yes by research, these have to hold: purposes$' out
	# So he tries in thought what he really wants, which costs nothing and enters nothing.
	says 0 "$enclua" policy explain research-only --data "$data" --app cohort-average --user ben --purpose research/heart
	grep -q '^decision  permit: research$' out

	# It runs, and once more. He has the results and two receipts, and never the data.
	says 0 asks first research/heart
	says 0 asks second research
	grep -q '^43.9' first/average.txt
	fails 4 "only its owner reads data" "$enclua" --as ben data get "$data" patients.csv

	# Two uses are two uses.
	fails 4 "the owner's policy does not permit this run: obligation:max_uses" asks third research
	[ ! -e third ]
	says 0 "$enclua" policy explain --grant "$grant" --request "$(grep -o -- '--request order1[a-z0-9]*' err | cut -d ' ' -f 2)"
	grep -q 'obligation:max_uses' out

	# Ada takes the grant back. She is told what that cannot undo, and ben that it is no longer the policy that stands in his way.
	says 0 "$enclua" --as ada revoke --all patients
	grep -q "a key that was released stays released" err
	fails 4 "nobody else may run on it" asks fourth research
	[ ! -e fourth ]

	# What was right when it happened stays provable, to anybody, with no home and no network: who let the key go, and what ada's policy said before.
	for run in first second; do
		says 0 env -u ENCLUA_HOME HOME="$work/nobody" "$enclua" verify "$run/task.receipt"
		grep -q '^keeper       enclua1' out
		grep -q '^released     the keys, at entry [0-9]*, to the box of that worker$' out
		grep -q '^evidence     sha256:[0-9a-f]*, of which the keeper says: software$' out
		[ "$(grep -c '^policy       research-only 1.0.0 h1:.*: permit at \(match\|key_release\), entry' out)" -eq 2 ]
		grep -q '^by the rule  research$' out
		grep -q '^obliged to   {"max_uses":2,"output_bytes":65536}$' out
	done
	says 0 "$enclua" --json verify first/task.receipt
	jq -e --arg grant "$grant" '(.keeper | startswith("enclua1")) and .release.grants == [$grant] and .release.refused == [] and .release.assurance == "software"
		and ([.policies[] | .scope + " " + .effect] == ["match permit", "key_release permit"]) and .policies[0].rules == ["research"]' out

	# And each answer of her policy, the denials too, can be made again, bit for bit.
	says 0 "$enclua" policy replay
	grep -q '^6 decisions made again: 4 permits, 2 denials, all the same bit for bit$' out
	says 0 "$enclua" book verify
}
