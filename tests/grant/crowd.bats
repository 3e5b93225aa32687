#!/usr/bin/env bats
# Many at once on one grant: what it allows is never passed, and nothing of it is lost.

load helper
setup() { setup_grants; }
teardown() { teardown_place; }

# crowd N: that many runs by three people on the data, sixteen at a time, each a process of its own; ran.I is what it said
crowd() {
	seq "$1" | xargs -P 16 -I{} sh -c 'case $(({} % 3)) in 0) who=dora ;; 1) who=ben ;; *) who=carl ;; esac
		"$0" --as $who --json run-task word-count --data "$1" > ran.{} 2> err.{} < /dev/null; true' "$enclua" "$data"
}
completed() { cat ran.* | jq -s 'map(select(.ok and .status == "COMPLETED")) | length'; }

@test "64 runs at once on a grant of ten uses: ten succeed, and the book has ten of each" {
	"$enclua" key new dora --no-passphrase > /dev/null
	id=$(grant --user any --uses 10)
	crowd 64
	[ "$(completed)" = 10 ] || { cat err.* | sort | uniq -c; false; }
	[ "$(cat err.* | jq -s 'map(select(.ok == false)) | length')" = 54 ]
	[ "$(status_of "$id")" = used ]
	[ "$(value ".grants[] | select(.grant == \"$id\") | .used" grants --all)" = 10 ]
	says 0 "$enclua" book verify
}

@test "32 runs at once under a policy of five uses: five keys are released, and all others are told why" {
	"$enclua" key new dora --no-passphrase > /dev/null
	policy_folder rules
	printf 'local policy = require "policy"\nreturn policy { api = 1, id = "kind", policy.permit { id = "five", oblige { max_uses = 5 } } }\n' > rules/policy.lua
	grant --user any --policy ./rules > /dev/null
	crowd 32
	[ "$(completed)" = 5 ] || { cat err.* | sort | uniq -c; false; }
	[ -z "$(cat err.* | jq -r 'select(.ok == false) | .error.message' | grep -vE 'policy|budget')" ] || { cat err.*; false; }
	[ "$("$enclua" --json book log --type key.release | jq -s 'map(.entries // [.]) | flatten | length')" = 5 ]
	says 0 "$enclua" book verify
}
