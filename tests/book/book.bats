#!/usr/bin/env bats
# enclua book log, show, checkpoint, verify, proof, export, rebuild.

load homes
setup() { setup_homes; }
teardown() { teardown_homes; }

# sql HOME STATEMENT: what an attacker with the file can do
sql() { sqlite3 "$1/store.db" "$2"; }

@test "a new home has a book: its first entry is the operator's, and it verifies" {
	says 0 "$enclua" book log
	head -1 out | grep -qE '^ +0  [0-9T:Z-]{20}  book\.open '
	says 0 "$enclua" --json book verify
	jq -e ".ok and .entries == $(size mine) and .checkpoints == 1 and .cosignatures == 0" out
}

@test "log: from, limit, type, the last ones; what is left is said" {
	grow mine 6
	n=$(size mine)
	[ "$("$enclua" book log | wc -l)" -eq "$n" ]
	"$enclua" book log --from 2 --limit 3 > out 2> err
	[ "$(awk '{print $1}' out | tr '\n' ' ')" = "2 3 4 " ]
	grep -q 'book log --from 5' err
	[ "$("$enclua" book log --from -2 | awk '{print $1}' | tr '\n' ' ')" = "$((n - 2)) $((n - 1)) " ]
	[ "$("$enclua" book log --from -999 | wc -l)" -eq "$n" ]
	[ "$("$enclua" book log --type data.register | wc -l)" -eq 6 ]
	[ "$("$enclua" book log --type data.register --limit 2 --quiet | wc -l)" -eq 2 ]
	[ "$("$enclua" book log --from "$n" | wc -l)" -eq 0 ]
	"$enclua" --json book log --limit 2 | jq -e ".size == $n and .next == 2 and (.entries | length == 2) and .entries[0].index == 0 and .entries[0].type == \"book.open\""
	"$enclua" --json book log --type data.register | jq -e '.next == null and all(.entries[]; .id | startswith("data1"))'
	fails 2 "did you mean" "$enclua" book log --type data.registr
	fails 2 "--from is a number" "$enclua" book log --from x
	fails 2 "--limit is a number" "$enclua" book log --limit -1
}

@test "log: this machine's own keys by their names, unless a key of the home is called so; amounts as people write them" {
	"$enclua" run-task "$top/iapps/hello-world" > /dev/null
	"$enclua" account deposit 5RLC > /dev/null
	"$enclua" book log > out
	[ "$(grep -c enclua1 out)" -eq 0 ]
	grep -q 'book.open  *operator$' out
	grep -q 'identity.register  *worker  worker$' out
	grep -q 'pool.create  *manager  pool1' out
	grep -q 'task.complete  *worker  task1' out
	grep -q 'account.deposit  *operator  5 RLC$' out
	"$enclua" key new worker --no-passphrase > /dev/null
	"$enclua" book log --type task.complete | grep -q 'enclua1'
}

@test "verify --against what is no checkpoint, or one of another book, says what to do" {
	home other
	echo hello > wrong
	fails 5 "the saved checkpoint wrong" "$enclua" book verify --against wrong
	grep -q 'try: .*enclua book checkpoint > FILE' err
	at other book checkpoint > others
	fails 5 "is of the book" "$enclua" book verify --against others
	grep -q 'try: --home' err
}

@test "show: the note as it was signed, by number, id and prefix of one" {
	grow mine
	n=$(size mine)
	id=$("$enclua" --json book log --from -1 | jq -r '.entries[0].id')
	"$enclua" book show "$((n - 1))" > one
	"$enclua" book show "$id" | cmp - one
	"$enclua" book show "${id:0:14}" | cmp - one
	head -1 one | grep -qx 'enclua/data.register/v1'
	tail -1 one | grep -q '^— enclua1'
	"$enclua" --json book show "$id" > out
	jq -rj .note out | cmp - one
	jq -e ".index == $((n - 1)) and .type == \"data.register\" and .id == \"$id\" and (.by | startswith(\"enclua1\"))" out
	fails 3 "numbered from 0" "$enclua" book show 99999
	grep -q 'try: enclua book log' err
	fails 3 "" "$enclua" book show task1qqqqqqqqqqqq
}

@test "checkpoint: note, key, JSON; the same until the book grows, and published" {
	"$enclua" book checkpoint > one
	"$enclua" book checkpoint | cmp - one
	cmp one mine/book/checkpoint
	"$enclua" --json book checkpoint > out
	jq -rj .note out | cmp - one
	[ "$(jq -r .origin out)" = "$(sed -n 1p one)" ]
	[ "$(jq -r .size out)" = "$(sed -n 2p one)" ]
	[ "$(jq -r .root out)" = "$(sed -n 3p one)" ]
	[ "$("$enclua" book checkpoint --vkey)" = "$(jq -r .vkey out)" ]
	[ "$(jq -r '.vkey | split("+")[0]' out)" = "$(jq -r .origin out)" ]
	grow mine
	[ "$(size mine)" -gt "$(sed -n 2p one)" ]
}

@test "verify --against: holds while the book only grows; wrong files are wrong" {
	"$enclua" book checkpoint > saved
	grow mine 3
	"$enclua" book verify --against saved | grep -q "its $(sed -n 2p saved) entries are all here"
	"$enclua" --json book verify --against - < saved | jq -e ".against.size == $(sed -n 2p saved)"
	home other
	fails 5 "is of the book" "$enclua" book verify --against <(at other book checkpoint)
	fails 5 "" "$enclua" book verify --against /dev/null
	fails 5 "" "$enclua" book verify --against <(sed '2s/.*/1/' saved)
	fails 5 "" "$enclua" book verify --against <(head -3 saved)
	fails 3 "" "$enclua" book verify --against missing
}

@test "verify: what somebody changed in the file of the database is found and named" {
	home w1
	grow mine 3
	signs mine w1
	mv mine clean
	while IFS='|' read -r words statement; do
		cp -a clean mine
		sql mine "$statement"
		fails 5 "$words" "$enclua" book verify || { echo "$statement"; return 1; }
		rm -rf mine
	done <<-'END'
		entry 2|UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), char(10) || 'nonce: ', char(10) || 'nonse: ') AS BLOB) WHERE seq = 2
		entry 2|UPDATE entry SET bytes = CAST(substr(CAST(bytes AS TEXT), 1, length(CAST(bytes AS TEXT)) - 10) || 'AAAAAAA==' || char(10) AS BLOB) WHERE seq = 2
		entry 2|UPDATE entry SET leaf = zeroblob(32) WHERE seq = 2
		entry 2|UPDATE entry SET id = zeroblob(20) WHERE seq = 2
		entry 2|DELETE FROM entry WHERE seq = 2
		|DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)
		|UPDATE head SET peaks = zeroblob(length(peaks))
		|UPDATE head SET size = size - 1
		|UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), 'A', 'B') AS BLOB)
		|UPDATE data SET plain_len = plain_len + 1
		|DELETE FROM data
		|UPDATE identity SET name = 'somebody'
	END
	cp -a clean mine
	"$enclua" book verify > /dev/null
}

@test "rebuild: the tables are made again from the entries" {
	grow mine 5
	"$enclua" data list > before
	says 0 "$enclua" --json book rebuild
	jq -e ".entries == $(size mine) and .rows > 0 and .before == .after and .changed == false" out
	sql mine "UPDATE data SET plain_len = plain_len + 1; DELETE FROM identity"
	fails 5 "" "$enclua" book verify
	"$enclua" --json book rebuild | jq -e '.changed == true'
	"$enclua" data list | cmp - before
	"$enclua" book verify > /dev/null
}

@test "proof: to a file, to a pipe, with the quorum's checkpoint once there is one" {
	home w1 w2
	grow mine
	id=$("$enclua" --json book log --from -1 | jq -r '.entries[0].id')
	quorum 2 w1 w2 > policy
	"$enclua" book witness policy policy
	"$enclua" book proof "$id" -o early.tlog-proof 2> err
	grep -q 'enclua verify early.tlog-proof' err
	grep -q 'quorum' err
	head -1 early.tlog-proof | grep -qx 'c2sp.org/tlog-proof@v1'
	signs mine w1 w2
	grow mine 2
	"$enclua" book proof "$id" > late.tlog-proof
	[ "$(grep -c '^— enclua.local/witness/' late.tlog-proof)" -eq 2 ]
	"$enclua" --json book proof "$id" > out
	jq -rj .proof out | cmp - late.tlog-proof
	jq -e ".index >= 0 and .size < $(size mine)" out
	fails 4 "" "$enclua" verify early.tlog-proof --policy policy
	says 0 "$enclua" verify late.tlog-proof --policy policy
	fails 3 "" "$enclua" book proof 99999
}

@test "export: files that others read, the same each time" {
	grow mine 4
	"$enclua" --json book export public | jq -e '.tiles > 0 and .bundles > 0 and .bytes > 0 and .kept == 0'
	[ -f public/checkpoint ]
	[ -d public/tile/entries ]
	"$enclua" book export again > /dev/null
	diff -r public again
	"$enclua" verify public > /dev/null
	grow mine 3
	"$enclua" book export public > /dev/null
	"$enclua" verify public | grep -q "$(size mine) entries"
}
