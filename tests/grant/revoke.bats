#!/usr/bin/env bats
# enclua grants, revoke: what holds and for whom, and taking it back: one, all, or those that name somebody.

load helper
setup() { setup_grants; }
teardown() { teardown_place; }

ids() { value '[.grants[].grant] | join(" ")' grants "$@"; }

@test "grants: filters let in what a run would be let in by; --strict only what names it; --all what no longer holds" {
	group=$(value .list --as ada list new ben --group)
	apps=$(value .list --as ada list new word-count --kind app)
	to_ben=$(grant --user ben)
	to_any=$(grant --user any --bulk)
	to_group=$(grant --user "$group")
	to_carl=$(grant --user carl --uses 1)
	by_list=$(value .grant --as ada grant words --app-list "$apps" --user carl)
	[ "$(ids words)" = "$to_ben $to_any $to_group $to_carl $by_list" ]
	[ "$(ids --user ben)" = "$to_ben $to_any $to_group" ]
	[ "$(ids --user ben --strict)" = "$to_ben" ]
	[ "$(ids --user any)" = "$to_any" ]
	[ "$(ids --user "$group" --strict)" = "$to_group" ]
	[ "$(ids --app word-count --user carl)" = "$to_any $to_carl $by_list" ]
	[ "$(ids --app word-count --strict)" = "$to_ben $to_any $to_group $to_carl" ]
	[ "$(ids --app "$apps" --strict)" = "$by_list" ]
	[ "$(ids --bulk)" = "$to_any" ]
	"$enclua" --as ada list remove "$group" ben > /dev/null
	[ "$(ids --user ben)" = "$to_ben $to_any" ]
	runs carl
	"$enclua" --as ada revoke "$to_ben" > /dev/null 2>&1
	[ "$(value '[.grants[].status] | join(" ")' grants words --all)" = "revoked open open open open" ]
	[ "$(ids words)" = "$to_any $to_group $to_carl $by_list" ]
	[ "$(value .count grants words --all)" = 5 ]
	"$enclua" --as ada data transfer words carl > /dev/null
	[ "$(value .count grants "$data")" = 0 ]
	says 0 "$enclua" grants "$data"
	grep -qF -- "--all shows the others" err
	says 0 "$enclua" grants "$data" --all
	[ "$(grep -c "signed by a former owner" out)" = 4 ]
	fails 3 "did you mean words" "$enclua" --as carl grants wrods
	fails 3 "--user: no key is called bem" "$enclua" grants --user bem
	fails 3 "--app: there is no iApp" "$enclua" grants --app nothing
}

@test "used up, expired, revoked: each is told as what it is, with what was left" {
	short=$(grant --user ben --until +1s)
	once=$(grant --user carl --uses 1)
	three=$(grant --user any --uses 3 --price 1)
	runs carl
	[ "$(status_of "$once")" = used ]
	sleep 1.1
	[ "$(status_of "$short")" = expired ]
	"$enclua" account deposit 1RLC --to ben > /dev/null
	runs ben --max-price 1
	[ "$(value ".grants[] | select(.grant == \"$three\") | [.used, .left] | tostring" grants)" = "[1,2]" ]
	says 0 "$enclua" --as ada --json revoke "$three"
	jq -e '.revoked[0].used == 1 and .revoked[0].left == 2 and .revoked[0].status == "revoked"' out
	says 0 "$enclua" grants --all
	grep -qE "^$once  used up  words: carl with word-count, free, 0 of 1 use left$" out
	grep -qE "^$short  expired  words: ben with word-count, free, any number of uses, until 20" out
	grep -qE "^$three  revoked  words: anybody with word-count, 1 nRLC, 2 of 3 uses left$" out
}

@test "revoke one: from the next entry on, with what that cannot undo; a second time it is a conflict" {
	id=$(grant --user ben)
	other=$(grant --user carl)
	runs ben
	says 0 "$enclua" --as ada revoke "${id:0:20}"
	grep -q "^$id  revoked  words: ben with word-count" out
	grep -q "^1 grant of words revoked" out
	[ "$(grep -c "a key that was released stays released" err)" = 1 ]
	grep -q "1 other grant of words still holds: enclua grants words" err
	turned_away ben "is for user carl"
	refused_plain 6 "$id was revoked already" "enclua grants" --as ada revoke "$id"
	says 0 "$enclua" --as ada --json revoke "$other"
	one_object out
	[ ! -s err ]
	jq -e --arg data "$data" --arg id "$other" '.count == 1 and .open == 0 and .data == $data and .revoked[0].grant == $id' out
	says 0 "$enclua" book verify
}

@test "what cannot be revoked: used up, expired, no grant, not there, not yours, a wrong word" {
	once=$(grant --user ben --uses 1)
	short=$(grant --user carl --until +1s)
	runs ben
	sleep 1.1
	before=$(value .entries book verify)
	refused_plain 6 "$once is used up: nothing is left of its 1 use" "enclua grants $data" --as ada revoke "$once"
	refused_plain 6 "$short expired at 20" "enclua grants" --as ada revoke "$short"
	refused_plain 5 "is no grant" "enclua order show" revoke "$(value '.orders[0].order' order list --kind app)"
	refused_plain 3 "there is no order" "" --as ada revoke order1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
	id=$(grant --user any)
	before=$((before + 1))
	refused 4 not-owner "enclua --as NAME" --as ben revoke "$id"
	refused 4 not-owner "enclua --as NAME" --as ben revoke --all "$data"
	says 2 "$enclua" --as ada revoke
	says 2 "$enclua" --as ada revoke "$id" --all words
	fails 2 "they go with --all DATA" "$enclua" --as ada revoke "$id" --user ben
	fails 3 "did you mean words" "$enclua" --as ada revoke --all wrods
	fails 3 "did you mean ben" "$enclua" --as ada revoke --all words --user bem
	[ "$(value .entries book verify)" = "$before" ]
	[ "$(status_of "$id")" = open ]
}

@test "revoke --all: every open one, or only those that name an iApp or a user; never those that let them in otherwise" {
	to_ben=$(grant --user ben)
	again=$(grant --user ben --purpose teaching)
	to_carl=$(grant --user carl)
	once=$(grant --user "$(identity_of me)" --uses 1)
	says 0 "$enclua" run-task word-count --data "$data"
	to_any=$(grant --user any)
	says 0 "$enclua" --as ada --json revoke --all words --user ben --app word-count
	jq -e --arg a "$to_ben" --arg b "$again" '.count == 2 and ([.revoked[].grant] == [$a, $b]) and .open == 2' out
	[ "$(status_of "$to_any")" = open ]
	runs ben	# as anybody
	says 0 "$enclua" --as ada revoke --all words --user any
	grep -q "^1 grant of words revoked" out
	turned_away ben "is for user carl"
	says 0 "$enclua" --as ada revoke --all words --user ben
	grep -q "^0 grants of words revoked" out
	[ "$(grep -c "stays released" err)" = 0 ]
	before=$(value .entries book verify)
	says 0 "$enclua" --as ada revoke --all words
	[ "$(value .entries book verify)" = $((before + 1)) ]
	[ "$(status_of "$to_carl")" = revoked ]
	[ "$(status_of "$once")" = used ]
	[ "$(value .count grants)" = 0 ]
	says 0 "$enclua" book verify
}

@test "a grant that is used up can be revoked while a run under it waits, alone or with all others; once that has ended it cannot" {
	once=$(grant --user ben --uses 1)
	runs ben --no-wait
	jq -e --arg grant "$once" '.grants == [$grant] and .status == "RUNNING"' out
	twice=$(grant --user carl --uses 2)
	runs carl --no-wait
	runs carl --no-wait
	open=$(grant --user any)
	[ "$(status_of "$once")" = used ]
	says 0 "$enclua" --as ada --json revoke "$once"
	jq -e --arg id "$once" '.count == 1 and .revoked[0].grant == $id and .revoked[0].status == "revoked" and .revoked[0].left == 0' out
	refused_plain 6 "$once was revoked already" "enclua grants" --as ada revoke "$once"
	[ "$(status_of "$twice")" = used ]
	says 0 "$enclua" --as ada --json revoke --all words
	jq -e --arg a "$open" --arg b "$twice" '[.revoked[].grant] == [$a, $b] and .open == 0' out
	ended=$(grant --user ben --uses 1)
	runs ben
	refused_plain 6 "$ended is used up" "enclua grants" --as ada revoke "$ended"
	says 0 "$enclua" --as ada --json revoke --all words
	jq -e '.count == 0' out
}
