#!/usr/bin/env bats
# enclua seal and unseal: who can open, where the output goes, and what is left when it goes wrong.

load helper
setup() { setup_work; key alice; key bob; key eve; echo "the quick brown fox" > plain; }
teardown() { teardown_work; }

@test "from file to file, through pipes, and with - for both" {
	"$enclua" seal -r "$alice" -o sealed plain
	"$enclua" unseal -i alice.key -o opened sealed
	cmp plain opened
	"$enclua" seal -r "$alice" < plain | "$enclua" unseal -i alice.key | cmp plain -
	"$enclua" seal -r "$alice" - < plain | "$enclua" unseal -i alice.key -o - - | cmp plain -
	[ "$(stat -c %a opened)" = 600 ]
}

@test "every recipient opens, a stranger does not" {
	printf '# my friends\n\n%s\r\n  \n' "$bob" > friends
	"$enclua" seal -r "$alice" -R friends -o sealed plain
	"$enclua" unseal -i alice.key sealed | cmp plain -
	"$enclua" unseal -i bob.key sealed | cmp plain -
	"$enclua" unseal -i eve.key -i bob.key sealed | cmp plain -
	refuses 4 "somebody else" "$enclua" unseal -i eve.key -o opened sealed
	[ ! -e opened ]
}

@test "a passphrase from a file, and only the right one" {
	echo "correct horse" > good
	echo "correct hors" > bad
	"$enclua" seal -p --passphrase-file good -o sealed plain
	ENCLUA_PASSPHRASE_FILE=good "$enclua" unseal -p sealed | cmp plain -
	refuses 4 "wrong passphrase" "$enclua" unseal -p --passphrase-file bad -o opened sealed
	refuses 4 "passphrase" "$enclua" unseal -i alice.key sealed
	"$enclua" seal -r "$alice" -o other plain
	refuses 4 "recipients" "$enclua" unseal -p --passphrase-file good other
	refuses 2 "only way" "$enclua" seal -p --passphrase-file good -r "$alice" plain
}

@test "a passphrase from the terminal, asked for twice when sealing" {
	"$here/on_terminal" secret secret -- "$enclua" seal -p -o sealed plain > screen
	[ -s screen ]
	[ -z "$(grep secret screen)" ]
	"$here/on_terminal" secret -- "$enclua" unseal -p -o opened sealed
	cmp plain opened
	refuses 2 "differ" "$here/on_terminal" secret secrets -- "$enclua" seal -p -o other plain
	[ ! -e other ]
	refuses 4 "wrong passphrase" "$here/on_terminal" Secret -- "$enclua" unseal -p -o other sealed
	refuses 2 "--passphrase-file" "$enclua" seal -p -o other plain < /dev/null
}

@test "an identity of the home by its petname" {
	"$enclua" init --no-passphrase
	"$enclua" seal -r me -o sealed plain
	"$enclua" unseal sealed | cmp plain -
	"$enclua" unseal -i me sealed | cmp plain -
	"$enclua" seal -r "$alice" -o other plain
	refuses 4 "somebody else" "$enclua" unseal other
	refuses 5 "no recipient" "$enclua" seal -r nobody plain
}

@test "armored files open" {
	age -a -r "$alice" -o sealed plain
	"$enclua" unseal -i alice.key sealed | cmp plain -
	{ printf '\n  \n'; sed 's/$/\r/' sealed; } | "$enclua" unseal -i alice.key | cmp plain -
	{ cat sealed; echo "PS"; } > "more"
	refuses 5 "armor" "$enclua" unseal -i alice.key -o opened more
}

@test "damage: exit 5, no output file, and what was there stays" {
	bytes 300000 > big
	"$enclua" seal -r "$alice" -o sealed big
	flip sealed 200000
	mkdir out
	refuses 5 "partial output was removed" "$enclua" unseal -i alice.key -o out/new sealed
	[ -z "$(ls -A out)" ]
	echo old > out/old
	refuses 5 "chunk 4" "$enclua" unseal -i alice.key -o out/old sealed
	[ "$(cat out/old)" = old ]
	[ "$(ls -A out)" = old ]
	# Through a pipe: the three chunks before it, and not one byte more.
	"$enclua" unseal -i alice.key < sealed > prefix 2> said && status=0 || status=$?
	[ "$status" -eq 5 ]
	[ "$(stat -c %s prefix)" -eq $((3 * 65536)) ]
	cmp prefix <(head -c $((3 * 65536)) big)
	grep -q "not all" said
}

@test "a program that is killed leaves no file" {
	mkdir out fifo
	mkfifo fifo/in
	"$enclua" seal -r "$alice" -o out/sealed fifo/in 3>&- &
	pid=$!
	exec 9> fifo/in
	bytes 2000000 >&9
	kill -9 "$pid"
	wait "$pid" || true
	exec 9>&-
	[ -z "$(ls -A out)" ]
}

@test "a failed write is an error" {
	refuses 9 "cannot write" "$enclua" seal -r "$alice" -o /dev/full plain
	"$enclua" seal -r "$alice" -o /dev/null plain
	[ -c /dev/null ]
	refuses 3 "cannot write" "$enclua" seal -r "$alice" -o nowhere/sealed plain
	refuses 6 "directory" "$enclua" seal -r "$alice" -o . plain
}

@test "a link as output stays a link" {
	echo old > target
	ln -s target link
	"$enclua" seal -r "$alice" -o link plain
	[ -L link ]
	age -d -i alice.key target | cmp plain -
}

@test "no binary on a terminal, unless -o - insists" {
	refuses 2 "garble" "$here/on_terminal" -- "$enclua" seal -r "$alice" plain
	"$here/on_terminal" -- "$enclua" seal -r "$alice" -o - plain | grep -aq '^age-encryption.org/v1'
}

@test "words that are off, and what to do instead" {
	refuses 2 "for whom" "$enclua" seal plain
	refuses 2 "with which key" "$enclua" unseal plain
	refuses 3 "no.txt" "$enclua" seal -r "$alice" no.txt
	refuses 3 "no.key" "$enclua" unseal -i no.key plain
	refuses 5 "directory" "$enclua" seal -r "$alice" .
	refuses 2 "same file" "$enclua" seal -r "$alice" -o plain plain
	refuses 5 "not an age file" "$enclua" unseal -i alice.key plain
	refuses 5 "enclua seal -R alice.key" "$enclua" seal -r alice.key plain
	refuses 5 "names no recipient" "$enclua" seal -R /dev/null plain
	refuses 5 "no identity" "$enclua" unseal -i /dev/null plain
	[ "$(cat plain)" = "the quick brown fox" ]
}

@test "a key file that is itself sealed, and a key from a pipe" {
	echo "correct horse" > passphrase
	"$enclua" seal -p --passphrase-file passphrase -o alice.sealed alice.key
	"$enclua" seal -r "$alice" -o sealed plain
	refuses 5 "enclua unseal -p alice.sealed" "$enclua" unseal -i alice.sealed sealed
	"$enclua" unseal -p --passphrase-file passphrase alice.sealed | "$enclua" unseal -i - sealed | cmp plain -
	refuses 2 "both come from" "$enclua" unseal -i - < sealed
}

@test "an error never repeats a secret" {
	secret=$(grep ^AGE-SECRET alice.key)
	run "$enclua" seal -r "$secret" plain
	[ "$status" -eq 2 ]
	[[ "$output" != *"${secret:20:10}"* ]]
	echo "${secret}Q" > broken.key
	run "$enclua" unseal -i broken.key plain
	[ "$status" -eq 5 ]
	[[ "$output" != *"${secret:20:10}"* ]]
	[[ "$output" == *"line 1"* ]]
}

@test "--json: one object on stdout, or one on stderr" {
	"$enclua" --json seal -r "$alice" -o sealed plain > said
	grep -q '"ok":true' said
	grep -q '"plaintext_size":20' said
	refuses 2 "-o FILE" "$enclua" --json seal -r "$alice" plain
	"$enclua" --json unseal -i eve.key -o opened sealed > said 2> failed && status=0 || status=$?
	[ "$status" -eq 4 ]
	[ ! -s said ]
	grep -q '"code":"E_DENIED"' failed
}

@test "post-quantum recipients: both ways, and never beside others" {
	pq=$here/../vectors/hybrid
	cp "$pq/identity" pq.key
	"$enclua" seal -r "$(cat "$pq/recipient")" -o sealed plain
	"$enclua" unseal -i pq.key sealed | cmp plain -
	"$enclua" seal -R "$pq/recipient" plain | "$enclua" unseal -i alice.key -i pq.key | cmp plain -
	[ "$("$enclua" unseal -i pq.key "$pq/typage.age")" = "made by typage 0.3.1" ]
	refuses 4 "post-quantum" "$enclua" unseal -i alice.key -o opened sealed
	refuses 2 "not mixed" "$enclua" seal -R "$pq/recipient" -r "$alice" -o both plain
	refuses 2 "not mixed" "$enclua" seal -r "$alice" -R "$pq/recipient" -o both plain
	[ ! -e both ]
	[ ! -e opened ]
}
