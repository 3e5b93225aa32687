#!/usr/bin/env bats
# Witnesses by files: homes that countersign the book of another, a quorum of them, and what they say when it is forked or goes back.

load homes
setup() { setup_homes; }
teardown() { teardown_homes; }

@test "a request, a signature, and back" {
	home other
	enclua() { command "$enclua" "$@"; }
	enclua book witness request > req; enclua --home other book witness sign req > sig; enclua book witness add sig
	head -1 req | grep -qx 'old 0'
	[ "$(wc -l < sig)" -eq 1 ]
	grep -q '^— enclua.local/witness/enclua1' sig
	enclua book checkpoint | grep -qxF "$(cat sig)"
	enclua --json book witness status | jq -e '.witnesses | length == 1 and .[0].size > 0'
	enclua --home other book witness seen | grep -qF "$(enclua --json book checkpoint | jq -r .origin)"
}

@test "files that are something else: both sides say who makes the right one" {
	echo hello > wrong
	fails 5 "not a request" "$enclua" book witness sign wrong
	grep -q 'try: .*enclua book witness request > FILE' err
	fails 5 "signature lines" "$enclua" book witness add wrong
	grep -q 'try: .*enclua book witness sign REQUEST > FILE' err
}

@test "through pipes" {
	home other
	"$enclua" book witness request | at other book witness sign - | "$enclua" book witness add - | grep -q '^1 new signature on'
	[ "$("$enclua" book checkpoint | grep -c '^— ')" -eq 2 ]
}

@test "quorum 2 of 3: reached by the second, and each is asked from where it stopped" {
	home w1 w2 w3
	quorum 2 w1 w2 w3 > policy
	"$enclua" book witness policy policy
	"$enclua" book witness policy | cmp - policy
	"$enclua" --json book witness status | jq -e '.policy and .quorum_size == null and ([.witnesses[].size] == [0, 0, 0]) and ([.witnesses[].name] == ["w1", "w2", "w3"])'
	"$enclua" book verify | grep -q 'no checkpoint has the quorum'
	fails 4 "no checkpoint of this book has the quorum" "$enclua" book verify --policy policy
	first=$(size mine)
	signs mine w1
	"$enclua" --json book witness status | jq -e '.quorum_size == null'
	signs mine w2
	"$enclua" --json book witness status | jq -e ".quorum_size == $first and [.witnesses[].size] == [$first, $first, 0]"
	says 0 "$enclua" --json book verify --policy policy
	jq -e ".quorum_size == $first and .cosignatures == 2" out

	grow mine 5
	second=$(size mine)
	[ "$second" -gt "$first" ]
	# Without --from the request begins where w1 and w2 stopped; w3 has seen nothing, says so, and is asked again.
	"$enclua" book witness request > req
	[ "$(head -1 req)" = "old $first" ]
	at w1 book witness sign req > w1.sig
	fails 6 "ask again with: enclua book witness request --from 0" at w3 book witness sign req
	"$enclua" book witness request --from 0 > req0
	at w3 book witness sign req0 | cat w1.sig - > both.sig
	"$enclua" --json book witness add both.sig | jq -e ".added == 2 and .size == $second and .quorum_size == $second"
	"$enclua" --json book witness status | jq -e "[.witnesses[].size] == [$second, $first, $second]"
	"$enclua" book witness request --for w2 | head -1 | grep -qx "old $first"
	"$enclua" book witness request --for w3 | head -1 | grep -qx "old $second"
	"$enclua" book witness request | head -1 | grep -qx "old $first"
	fails 3 "there is no witness w4" "$enclua" book witness request --for w4
}

@test "the same size again: a new time, and the old line gives way" {
	home w1
	signs mine w1
	signs mine w1
	"$enclua" book checkpoint > note
	[ "$(grep -c '^— ' note)" -eq 2 ]
	"$enclua" book verify > /dev/null
	"$enclua" --json book witness add w1.sig | jq -e '.added == 0'
}

@test "an answer that comes late is for the checkpoint it was made for" {
	home w1 w2
	"$enclua" book witness request > req
	at w1 book witness sign req > early
	first=$(size mine)
	grow mine 3
	signs mine w2
	"$enclua" --json book witness add early | jq -e ".added == 1 and .size == $first"
	"$enclua" --json book witness status | jq -e "[.witnesses[].size] | sort == [$first, $(size mine)]"
}

@test "a forked home: named, whatever size it shows, with the evidence to keep" {
	home w1
	grow mine 2
	cp -a mine copy
	grow mine 3
	grow copy 3
	signs mine w1
	n=$(size mine)
	root=$(at mine --json book checkpoint | jq -r .root)
	at mine book checkpoint | head -5 > countersigned
	at copy book witness request --from "$n" > forked
	fails 5 "fork: " at w1 book witness sign forked
	grep -qF "$root" err
	grep -qF "$(at copy --json book checkpoint | jq -r .root)" err
	grep -qF "size $n" err
	grep -qF "book witness seen $(at mine --json book checkpoint | jq -r .origin)" err
	at w1 book witness seen "$(at mine --json book checkpoint | jq -r .origin)" | cmp - countersigned
	grow copy 4
	at copy book witness request --from "$n" > forked
	fails 5 "fork: " at w1 book witness sign forked
	fails 5 '"E_INVALID"' at w1 --json book witness sign forked
	at copy book witness request --from 0 > forked
	fails 6 "--from $n" at w1 book witness sign forked
	# The honest one is still countersigned.
	grow mine
	signs mine w1
	# And whoever kept a checkpoint of one finds the other out.
	at mine book checkpoint > saved
	grow copy 9
	fails 5 "fork: " at copy book verify --against saved
}

@test "an older copy that was put back: named a rollback by the witness" {
	home w1
	cp -a mine old
	grow mine 3
	signs mine w1
	n=$(size mine)
	at old book witness request --from 0 > req
	fails 5 "rollback: " at w1 book witness sign req
	grep -qF "now has $(size old) entries" err
	grep -qF "had $n " err
	grep -qF -- "--from $n" err
	fails 5 "rollback: " at old book verify --against <(at mine book checkpoint)
}

@test "an older database under a newer checkpoint: enclua itself refuses" {
	cp -a mine old
	grow mine 3
	"$enclua" book checkpoint > /dev/null
	rm -f mine/store.db*
	cp -a old/store.db* mine/
	for command in "book log" "book checkpoint" "book verify" "book witness request" "protect --set a=1"; do
		# shellcheck disable=SC2086
		fails 5 "rollback" "$enclua" $command
	done
}

@test "a home that is not there is not made by looking at it" {
	"$enclua" book witness request > req
	fails 3 "enclua init" at nowhere book witness sign req
	fails 3 "enclua init" at nowhere book witness request
	fails 3 "enclua init" at nowhere book witness key
	[ ! -e nowhere ]
}

@test "what is no request is not signed" {
	home w1
	"$enclua" book witness request > req
	for wrong in /dev/null mine/store.db /bin/true <(at mine book checkpoint) <(sed 's/^old 0$/old 00/' req) <(tr -d '\n' < req) <(sed '$d' req) <(cat req req); do
		fails 5 "" at w1 book witness sign "$wrong"
	done
	fails 3 "" at w1 book witness sign missing
	head -c 40000 /dev/zero > large
	fails 5 "" at w1 book witness sign large
	at w1 book witness seen | wc -l | grep -qx 0
	# Signed by somebody else, in the name of this book.
	home thief
	at thief book witness request > stolen
	origin=$(at mine --json book checkpoint | jq -r .origin)
	sed "s|$(at thief --json book checkpoint | jq -r .origin)|$origin|" stolen > forged
	got=0; at w1 book witness sign forged > out 2> err || got=$?
	[ "$got" -eq 4 ] || [ "$got" -eq 5 ]
	[ ! -s out ]
}

@test "what is no answer, or nobody's, is not kept" {
	home w1 w2
	"$enclua" book witness request > req
	at w1 book witness sign req > sig
	at w2 book witness request | at w1 book witness sign - > other.sig
	fails 5 "fits no checkpoint" "$enclua" book witness add other.sig
	for wrong in /dev/null req <(at mine book checkpoint) <(tr -d '\n' < sig) <(sed 's/^— /- /' sig) <(echo; cat sig) /bin/true; do
		fails 5 "" "$enclua" book witness add "$wrong"
	done
	# Another's name on the line, or another line under the name.
	sed "s|witness/enclua1[a-z0-9]*|$(at w2 --json book witness key | jq -r '.name | ltrimstr("enclua.local/")')|" sig > renamed
	fails 5 "" "$enclua" book witness add renamed
	sed 's|enclua.local/witness/enclua1|example.com/enclua2|' sig > unknown
	fails 4 "nobody here can judge" "$enclua" book witness add unknown
	# One bad line among good ones refuses them all.
	at w2 book witness sign req | cat - other.sig > mixed
	fails 5 "fits no checkpoint" "$enclua" book witness add mixed
	[ "$("$enclua" book checkpoint | grep -c '^— ')" -eq 1 ]
	"$enclua" book witness add sig > /dev/null
}

@test "every flipped bit of an answer" {
	home w1
	"$enclua" book witness request | at w1 book witness sign - > sig
	# A byte of each third place, one bit each: in the dash, the name, the key id, the time and the signature.
	for at in $(seq 0 3 $(($(stat -c %s sig) - 1))); do
		perl -e 'local $/; open F, "<", $ARGV[0]; $_ = <F>; substr($_, $ARGV[1], 1) ^= chr(1 << $ARGV[1] % 7); print' sig "$at" > bad
		got=0; "$enclua" book witness add bad > out 2> err || got=$?
		{ [ "$got" -eq 5 ] || [ "$got" -eq 4 ]; } && [ ! -s out ] || { echo "byte $at: exit $got"; return 1; }
	done
	[ "$("$enclua" book checkpoint | grep -c '^— ')" -eq 1 ]
}

@test "policy: checked before it replaces the one there is" {
	home w1
	fails 3 "no policy" "$enclua" book witness policy
	quorum 1 w1 > good
	"$enclua" book witness policy - < good
	for wrong in /dev/null /bin/true <(sed 's/quorum all/quorum none-such/' good) <(sed '/^quorum/d' good) <(echo "log $(at w1 book checkpoint --vkey)"; cat good); do
		fails 5 "" "$enclua" book witness policy "$wrong"
		"$enclua" book witness policy | cmp - good
	done
	{ echo "log $("$enclua" book checkpoint --vkey)"; cat good; } > logged
	"$enclua" --json book witness policy logged | jq -e '.witnesses == 1 and .logs == 1'
	signs mine w1
	"$enclua" --json book witness status | jq -e '.quorum_size > 0'
	[ "$(stat -c %a mine/book/policy)" = 600 ]
}

@test "a witness's key: of its own, made once, for nobody else" {
	"$enclua" book witness key > one
	"$enclua" --json book witness key | jq -r .vkey | cmp - one
	"$enclua" --json book witness key | jq -e '.name | startswith("enclua.local/witness/enclua1")'
	[ "$(stat -c %a mine/witness.key)" = 600 ]
	chmod 644 mine/witness.key
	fails 4 "chmod 600" "$enclua" book witness key
}

@test "JSON: one object each" {
	home w1
	"$enclua" --json book witness request | jq -e '.ok and .from == 0 and (.request | startswith("old 0\n"))'
	"$enclua" book witness request > req
	at w1 --json book witness sign req > signed
	jq -e '.ok and .size > 0 and (.origin | startswith("enclua.local/enclua1")) and (.root | length == 44)' signed
	jq -rj .line signed > sig
	"$enclua" --json book witness add sig | jq -e '.ok and .added == 1 and .quorum_size == null'
	at w1 --json book witness seen | jq -e '.seen | length == 1 and .[0].size > 0 and (.[0].note | length > 100)'
	"$enclua" --json book witness status | jq -e '.ok and .policy == false and (.witnesses[0].time | endswith("Z"))'
}
