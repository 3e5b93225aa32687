#!/usr/bin/env bats
# run-task under grants: which one it takes, why none lets it in, and that the rules hold to it when an entry is made by hand.

load helper
setup() { setup_grants; }
teardown() { teardown_place; }

@test "without a grant nobody but the owner runs, and the owner's own run signs one that can be seen" {
	turned_away ben "no-grant: words belongs to ada, and nobody else may run on it"
	grep -qF "enclua grant words --app word-count --user $ben" err
	says 0 "$enclua" --as ada --json run-task word-count --data words
	grant=$(jq -r '.grants[0]' out)
	says 0 "$enclua" --json grants words --all
	jq -e --arg grant "$grant" --arg ada "$ada" --arg app "$app" '.count == 1 and (.grants[0] | .grant == $grant and .owner == $ada and .user == $ada and .app == $app and .uses == 1
		and .left == 0 and .status == "used" and (.pool | startswith("pool1")))' out
	says 0 "$enclua" --as ada run-task word-count --data words
	grep -qE '^grant     order1[a-z0-9]+ \(one use, signed by you\)$' out
	says 0 "$enclua" --as ada --json run-task word-count --data text.txt --dry-run
	[ "$(value .count grants words --all)" = 2 ]
	turned_away ben "what was granted is used up, expired, revoked, or signed by a former owner"
	says 0 "$enclua" --json run-task "$top/iapps/hello-world" --arg name=Ada
	jq -e '.grants == []' out
}

@test "a refusal tells of each grant what it asks for, and of the nearest how to meet it" {
	for_ben=$(grant --user ben --purpose DUO:0000006)
	for_carl=$(grant --user carl)
	turned_away ben "there are 2 grants, but: $for_ben is for purpose DUO:0000006 (health or medical or biomedical research), you stated none (--purpose); $for_carl is for user carl"
	grep -qF -- "--purpose DUO:0000006" err
	turned_away ben "you stated marketing" --purpose marketing
	runs ben --purpose DUO:0000006
	jq -e --arg grant "$for_ben" '.grants == [$grant]' out
	"$enclua" --as ada revoke --all words > /dev/null 2>&1
	"$enclua" --as carl pool create mill > /dev/null
	other=$(value .app --as carl app deploy "$top/iapps/hello-world")
	in_mill=$(grant --user ben --pool mill)
	turned_away ben "there is 1 grant, but: $in_mill is for the pool mill"
	grep -qF -- "--pool chooses another" err
	strict=$(grant --user ben --min-assurance tpm2)
	turned_away ben "$strict is for machines of level tpm2 or better (--min-assurance)"
	"$enclua" --as ada revoke "$in_mill" > /dev/null 2>&1
	turned_away ben "there is 1 grant, but: $strict is for machines"
	grep -qF "enclua doctor" err
	elsewhere=$(value .grant --as ada grant words --app "$other" --user carl --purpose teaching)
	"$enclua" --as ada revoke "$strict" > /dev/null 2>&1
	turned_away ben "$elsewhere is for user carl, and for the iApp hello-world, and for purpose teaching, you stated none (--purpose)"
	for i in 1 2 3 4 5; do grant --user carl --purpose "part/$i" > /dev/null; done
	turned_away ben "; and 2 more"
}

@test "a folder is not the iApp that was granted, even when it holds the same" {
	grant --user ben > /dev/null
	cp -r "$app_dir" copy
	fails 4 "is for the iApp word-count" "$enclua" --as ben run-task ./copy --data "$data"
	grep -qF "the one that was granted has a name in the book: enclua run-task word-count" err
	runs ben
}

@test "of the grants that let it in the cheapest, and what it costs is paid to the owner" {
	dear=$(grant --user ben --price 3)
	cheap=$(grant --user any --price 2)
	mine=$(grant --user carl)
	"$enclua" account deposit 1RLC --to ben > /dev/null
	before=$(free_of ada)
	runs ben --max-price 5
	jq -e --arg grant "$cheap" '.grants == [$grant] and .cost.data == 2' out
	[ "$(free_of ada)" = $((before + 2)) ]
	"$enclua" --as ada revoke "$cheap" > /dev/null 2>&1
	runs ben --max-price 5
	jq -e --arg grant "$dear" '.grants == [$grant]' out
	fails 7 "this run costs 3 nRLC" "$enclua" --as ben run-task word-count --data "$data"
	runs carl
	jq -e --arg grant "$mine" '.grants == [$grant]' out
}

@test "uses: exactly so many runs, also when many come at once" {
	id=$(grant --user ben --uses 3)
	for i in 1 2 3 4 5 6 7 8; do
		"$enclua" --as ben --json run-task word-count --data "$data" > ran.$i 2> ran.err.$i < /dev/null &
	done
	wait
	[ "$(cat ran.[1-8] | jq -s 'map(select(.ok and .status == "COMPLETED")) | length')" = 3 ]
	[ "$(status_of "$id")" = used ]
	[ "$(value ".grants[] | select(.grant == \"$id\") | .used" grants --all)" = 3 ]
	turned_away ben "nobody else may run on it"
	no_entry 7 match-0x60 ben $(by_hand "$id")
}

@test "purposes: a broader one includes narrower ones, never the other way; by words and by DUO's classes" {
	grant --user ben --purpose research > /dev/null
	grant --user carl --purpose DUO:0000042 > /dev/null
	runs ben --purpose research
	runs ben --purpose research/cancer/lung
	turned_away ben "you stated researching" --purpose researching
	turned_away ben "you stated teaching" --purpose teaching
	turned_away ben "you stated none"
	runs carl --purpose DUO:0000006	# health or medical or biomedical research is general research
	runs carl --purpose DUO:0000007
	turned_away carl "you stated DUO:0000018" --purpose DUO:0000018
	turned_away carl "you stated research" --purpose research
	"$enclua" --as ada revoke --all words > /dev/null 2>&1
	narrow=$(grant --user ben --purpose research/cancer --purpose DUO:0000007)
	turned_away ben "you stated research" --purpose research
	turned_away ben "you stated DUO:0000006" --purpose DUO:0000006
	runs ben --purpose DUO:0000007
	runs ben --purpose research/cancer
	no_entry 4 match-0x70 ben $(by_hand "$narrow" purpose=research)
	no_entry 4 match-0x70 ben $(by_hand "$narrow")
	fails 5 "--purpose: " "$enclua" --as ben run-task word-count --data "$data" --purpose "No Such"
}

@test "revocation holds from the next entry on: a request that was made before is not matched after" {
	id=$(grant --user ben)
	match=$(by_hand "$id")
	"$enclua" --as ada revoke "$id" > /dev/null 2>&1
	no_entry 7 match-0x60 ben $match
	turned_away ben "nobody else may run on it"
}

@test "what was matched and has no key yet gets none once the grant is revoked or the data given away, and the payer has the money back; a group is asked at the match alone" {
	group=$(value .list --as ada list new carl --group)
	first=$(grant --user ben --uses 1 --price 5)
	grant --user "$group" --uses 1 --price 5 > /dev/null
	"$enclua" account deposit 1RLC --to ben > /dev/null
	ben_had=$(free_of ben) carl_had=$(free_of carl) ada_had=$(free_of ada)
	runs ben --max-price 5 --no-wait
	revoked=$(jq -r .task out)
	runs carl --max-price 5 --no-wait
	removed=$(jq -r .task out)
	[ "$(free_of ben)" = $((ben_had - 5)) ]
	"$enclua" --as ada revoke "$first" > /dev/null 2>&1
	"$enclua" --as ada list remove "$group" carl > /dev/null
	says 0 "$enclua" worker run --once
	ended() { value '.status + ": " + .reason' task show "$1"; }
	[ "$(ended "$revoked")" = "FAILED: no key: release-revoked" ]
	[ "$(ended "$removed")" = "COMPLETED: " ]
	grant --user carl > /dev/null
	runs carl --no-wait
	given=$(jq -r .task out)
	"$enclua" --as ada data transfer words ben > /dev/null
	says 0 "$enclua" worker run --once
	[ "$(ended "$given")" = "FAILED: no key: release-transferred" ]
	[ "$(free_of ben)" = "$ben_had" ]
	[ "$(free_of carl)" = $((carl_had - 5)) ]
	[ "$(free_of ada)" = $((ada_had + 5)) ]
	got=0
	"$enclua" --as ben task result "$revoked" > out 2> err || got=$?
	[ $got -ne 0 ]
	grep -qF "has no result: no key: release-revoked" err
	says 0 "$enclua" book verify
}

@test "a grant under a policy: what it permits runs, what it denies is refused with its reason, and the request is taken back" {
	policy_folder rules
	printf 'local policy = require "policy"\nreturn policy { api = 1, id = "kind", policy.permit { id = "health", purposes = { "DUO:0000006" } } }\n' > rules/policy.lua
	id=$(value .grant --as ada grant words --app word-count --user ben --policy ./rules)
	runs ben --purpose DUO:0000007
	jq -e --arg id "$id" '.grants == [$id] and .status == "COMPLETED"' out
	fails 4 "policy does not permit this run" "$enclua" --as ben run-task word-count --data "$data" --purpose marketing
	[ "$(value '[.orders[] | select(.state == "open")] | length' order list --kind request)" = 0 ]
	[ "$(value ".grants[] | select(.grant == \"$id\") | .used" grants)" = 1 ]
	says 0 "$enclua" book verify
}

@test "an end holds by the clock: a grant of a second is over after it, for runs and for matches by hand" {
	id=$(grant --user ben --until +1s)
	sleep 1.1
	turned_away ben "nobody else may run on it"
	no_entry 4 match-0x70 ben $(by_hand "$id")
}

@test "a transfer ends what the old owner granted, and what the new owner grants holds" {
	id=$(grant --user ben)
	match=$(by_hand "$id")
	"$enclua" --as ada data transfer words carl > /dev/null
	turned_away ben "signed by a former owner"
	no_entry 4 match-0x31 ben $match
	[ "$(status_of "$id")" = transferred ]
	refused 4 not-owner "enclua --as NAME" --as ada grant "$data" --app word-count --user ben
	new=$(value .grant --as carl grant "$data" --app word-count --user ben)
	runs ben
	jq -e --arg grant "$new" '.grants == [$grant]' out
	[ "$(value .count grants)" = 1 ]
	says 0 "$enclua" --as carl revoke "$id"	# or it would hold again if the data came back
	"$enclua" --as carl data transfer "$data" ada > /dev/null
	turned_away ben "nobody else may run on it"
}

@test "groups are asked at each match: who is removed is out, who is added is in; the entry itself is refused, too" {
	group=$(value .list --as ada list new ben --group)
	id=$(grant --user "$group")
	runs ben
	turned_away carl "is for user $group"
	"$enclua" --as ada list add "$group" carl > /dev/null
	runs carl
	match=$(by_hand "$id")
	"$enclua" --as ada list remove "$group" ben > /dev/null
	turned_away ben "is for user $group"
	no_entry 4 match-0x18 ben $match
	runs carl
}

@test "apps by a list: another iApp runs once it is in it" {
	apps=$(value .list --as ada list new "$app" --kind app)
	"$enclua" --as ada grant words --app-list "$apps" --user ben > /dev/null
	runs ben
	cp -r "$app_dir" copy
	sed -i 's/^name: .*/name: other-count/' copy/iapp.yaml
	"$enclua" app deploy copy > /dev/null
	fails 4 "is for the iApp $apps" "$enclua" --as ben run-task other-count --data "$data"
	"$enclua" --as ada list add "$apps" other-count --kind app > /dev/null
	says 0 "$enclua" --as ben run-task other-count --data "$data"
}
