#!/usr/bin/env bats
# enclua account: money by the words of the command line. The rules themselves are held by tests/unit/ledger_cases.h and tests/money/run.

load ../cli/helper

setup() {
	setup_place
	export ENCLUA_HOME=$work/home
	"$enclua" init --no-passphrase > /dev/null
	"$enclua" key new ben --no-passphrase > /dev/null
	me=$("$enclua" --json key show me | jq -r .identity)
	ben=$("$enclua" --json key show ben | jq -r .identity)
}
teardown() { teardown_place; }

# has WHO AMOUNT: that is free there, in nRLC
has() {
	local free
	free=$("$enclua" --json account show "$1" | grep -o '"free":[0-9]*' | cut -d: -f2)	# jq rounds beyond 2^53
	[ "$free" = "$2" ] || { echo "$1 has $free, not $2"; return 1; }
}

owes() { [ "$("$enclua" --json account show bank | jq '.owes // 0')" = "$1" ]; }
transfers() { "$enclua" --json account history bank | jq '.transfers | length'; }

@test "who never had money has nothing, and that is no error" {
	says 0 "$enclua" account show
	grep -qx "account   $me" out
	grep -qx "balance   0 RLC" out
	grep -qx "free      0 RLC" out
	says 0 "$enclua" --json account show ben
	one_object out
	jq -e --arg ben "$ben" '.ok and .account == $ben and .unit == "nRLC" and .limited and (.closed | not) and .balance == 0 and .free == 0
		and .debits_posted == 0 and .credits_pending == 0' out
	says 0 "$enclua" account history ben
	[ ! -s out ]
	says 0 "$enclua" --json account history
	jq -e '.transfers == []' out
}

@test "deposit, transfer, withdraw: exact to the last unit, and the bank owes what there is" {
	says 0 "$enclua" account deposit 1.5RLC
	grep -q "deposited 1.5 RLC to $me" out
	grep -qx "free now 1.5 RLC" out
	says 0 "$enclua" account transfer ben 0.250000001RLC --memo "for the data"
	grep -qx "free now 1.249999999 RLC" out
	has me 1249999999
	has ben 250000001
	owes 1500000000
	says 0 "$enclua" --json account deposit 7 --to "$ben"
	one_object out
	jq -e --arg ben "$ben" '.account == $ben and .amount == 7 and .free == 250000008 and .entry > 0' out
	says 0 "$enclua" --as ben account withdraw 250000008nRLC
	grep -qx "free now 0 RLC" out
	has ben 0
	owes 1249999999
	says 0 "$enclua" account show bank
	grep -qx "owes      1.249999999 RLC" out
	[ -z "$(grep free out)" ]
}

@test "the history has cause, sign, counterparty, entry and time, oldest first" {
	"$enclua" account deposit 1RLC > /dev/null
	"$enclua" account transfer ben 5 --memo "a word" > /dev/null
	"$enclua" account withdraw 100 > /dev/null
	says 0 "$enclua" --json account history
	one_object out
	jq -e --arg me "$me" --arg ben "$ben" '.account == $me and ([.transfers[] | [.cause, .amount, .counterparty, .memo]] ==
		[["deposit", 1000000000, "bank", null], ["transfer", -5, $ben, "a word"], ["withdraw", -100, "bank", null]])
		and ([.transfers[].entry] | . == sort and (unique | length) == 3) and all(.transfers[]; .kind == "posted" and (.time | test("^2[0-9-]+T[0-9:]+Z$")))' out
	says 0 "$enclua" --json account history "$ben"
	jq -e --arg me "$me" '[.transfers[] | [.cause, .amount, .counterparty]] == [["transfer", 5, $me]]' out
	says 0 "$enclua" account history
	[ "$(wc -l < out)" -eq 3 ]
	sed -n 2p out | grep -qE "^2[0-9-]+T[0-9:]+Z  #[0-9]+ +-5 nRLC +transfer +to $ben  a word$"
	# the same by the entries themselves
	entry=$("$enclua" --json account history | jq '.transfers[1].entry')
	says 0 "$enclua" --json account history kitty
	jq -e '.transfers == []' out
	[ "$entry" -gt 0 ]
}

@test "what is no amount is refused, and nothing moves" {
	"$enclua" account deposit 1RLC > /dev/null
	before=$(transfers)
	for n in "" 0 0RLC 1.5 1.0000000001RLC 1e3 01 1,5RLC 4611686018427387904 18446744073709551617 5RLCs nan " 1" 0x10 .5RLC; do
		fails 5 "amount" "$enclua" account deposit "$n"
		fails 5 "amount" "$enclua" account transfer ben "$n"
		fails 5 "amount" "$enclua" account withdraw "$n"
	done
	fails 2 "" "$enclua" account deposit -5
	fails 5 "amount" "$enclua" account deposit -- -5
	[ "$(transfers)" -eq "$before" ]
	has me 1000000000
}

@test "nobody spends what he has not" {
	"$enclua" account deposit 1000 > /dev/null
	fails 7 "has 1000 nRLC free and needs 1001 nRLC" "$enclua" account transfer ben 1001
	fails 7 "has 1000 nRLC free" "$enclua" account withdraw 1001
	fails 7 "has 0 RLC free" "$enclua" --as ben account withdraw 1
	says 7 "$enclua" --json account withdraw 4611686018427387903
	one_object err
	jq -e '.error.code == "E_FUNDS"' err
	has me 1000
	has ben 0
	owes 1000
}

@test "transfers of two at once never spend a unit twice" {
	"$enclua" account deposit 10 > /dev/null
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		{ got=0; "$enclua" account transfer ben 1 > /dev/null 2>&1 || got=$?; echo "$got" > "status.$i"; } &
	done
	wait
	[ "$(cat status.* | grep -cx 0)" -eq 10 ]
	[ "$(cat status.* | grep -cx 7)" -eq 6 ]
	has me 0
	has ben 10
	owes 10
}

@test "the largest amount goes in, and not one unit more" {
	says 0 "$enclua" account deposit 4611686018427387903
	has me 4611686018427387903
	fails 9 "more than 2^62 - 1" "$enclua" account deposit 1 --to ben
	fails 9 "more than 2^62 - 1" "$enclua" account deposit 4611686018427387903
	says 0 "$enclua" account transfer ben 4611686018.427387903RLC
	has me 0
	has ben 4611686018427387903
}

@test "a closed account stays closed" {
	"$enclua" account deposit 5 > /dev/null
	fails 6 "it holds 5 nRLC" "$enclua" account close
	"$enclua" account withdraw 5 > /dev/null
	says 0 "$enclua" account close
	grep -q "^closed $me by entry" out
	says 0 "$enclua" account show
	grep -q "(closed)" out
	fails 6 "is closed" "$enclua" account close
	fails 6 "is closed" "$enclua" account deposit 1
	"$enclua" account deposit 5 --to ben > /dev/null
	fails 6 "is closed" "$enclua" --as ben account transfer me 1
	has ben 5
}

@test "who is not known gets nothing" {
	"$enclua" account deposit 5 > /dev/null
	stranger=$("$enclua" --home other init --no-passphrase > /dev/null; "$enclua" --home other --json key show me | jq -r .identity)
	fails 3 "nobody" "$enclua" account transfer nobody 1
	fails 3 "not known in this book" "$enclua" account transfer "$stranger" 1
	fails 3 "not known in this book" "$enclua" account deposit 1 --to "$stranger"
	fails 5 "" "$enclua" account transfer "${ben%?}q" 1
	fails 6 "to itself" "$enclua" account transfer me 1
	fails 7 "needs" "$enclua" account transfer ben 1RLC
	grep -q "try: .*enclua account show .*enclua account deposit N" err
	fails 3 "nobody" "$enclua" account show nobody
	fails 3 "" "$enclua" account show deal1xyz/escrow
	fails 3 "" "$enclua" account history task1xyz/stake/x
	for who in "" " " "../keys/me" "a b" "$(printf 'a\nb')" "$(printf 'x%.0s' $(seq 400))"; do
		got=0; "$enclua" account show "$who" > out 2> err || got=$?
		[ "$got" -ge 2 ] && [ "$got" -le 5 ] && [ ! -s out ] || { echo "show '$who': $got"; cat out err; return 1; }
	done
	fails 3 "no home" "$enclua" --home none account show
	has me 5
}

@test "a memo cannot drive the terminal, nor break the entry" {
	"$enclua" account deposit 5 > /dev/null
	fails 5 "memo" "$enclua" account transfer ben 1 --memo "$(printf 'a\nb: c')"
	fails 5 "memo" "$enclua" account transfer ben 1 --memo "$(printf 'a\033[31m')"
	fails 5 "memo" "$enclua" account transfer ben 1 --memo "$(printf 'x%.0s' $(seq 201))"
	has ben 0
	says 0 "$enclua" account transfer ben 1 --memo "$(printf 'evil\342\200\256txt')"
	says 0 "$enclua" account history ben
	grep -qF 'evil\u{202e}txt' out
	says 0 "$enclua" --json account history ben
	jq -e '.transfers[0].memo == "evil\u202etxt"' out
}
