#!/usr/bin/env bats
# Hostile policies before a real keeper: a grant under one lets nobody in, and the keeper that asked it decides the next run as if nothing had been. policies.py asks all of them.

load ../grant/helper
setup() { setup_grants; }
teardown() { teardown_place; }

# carl's grant under a policy of good manners is asked again, by the same keeper
polite_runs() {
	runs carl --purpose DUO:0000006
	jq -e --arg id "$polite" '.grants == [$id] and .status == "COMPLETED"' out
}

@test "loops, floods, bombs and lies: denied with a reason, nothing is used, and the next decision is fine" {
	policy_folder kind
	polite=$(value .grant --as ada grant words --app word-count --user carl --policy ./kind)
	polite_runs
	for name in loop-in-helper-callback memory-doubling-text output-flood truthy-one library-poisoned; do
		rm -rf rules && policy_folder rules
		cp "$top/tests/hostile/policies/$name.lua" rules/policy.lua
		id=$(value .grant --as ada grant words --app word-count --user ben --policy ./rules)
		fails 4 "policy does not permit this run" "$enclua" --as ben run-task word-count --data "$data" --purpose DUO:0000006
		[ -z "$(tr -d '\n\t' < err | LC_ALL=C tr -d '[:print:]\200-\377')" ]
		[ "$(value ".grants[] | select(.grant == \"$id\") | .used" grants)" = 0 ]
		"$enclua" --as ada revoke "$id" > /dev/null 2>&1
		polite_runs
	done
	[ "$(value '[.orders[] | select(.state == "open")] | length' order list --kind request)" = 0 ]
	says 0 "$enclua" book verify
}
