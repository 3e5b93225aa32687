#!/usr/bin/env bats
# protect, data list, data show, data get: what goes in comes back, to its owner alone, and stock age and tar read the same bytes.

load ../result/helper
setup() { setup_home; "$enclua" init --no-passphrase > /dev/null; }
teardown() { teardown_home; }

# field NAME: its value in the JSON of stdin; text or number
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# as_age DATA: the plaintext tar, by age and the owner's key
as_age() {
	"$enclua" key export me --secret-age > me.key
	"$enclua" --json data show "$1" > show.json
	field header < show.json | base64 -d > header
	cat header "$ENCLUA_HOME/blobs/$(field blob < show.json)" | age -d -i me.key
}

@test "a file comes back, and age and tar read the same" {
	patients 1000 > patients.csv
	"$enclua" protect patients.csv --name patients
	"$enclua" data get patients patients.csv | cmp - patients.csv
	as_age patients > plain.tar
	[ "$(tar tf plain.tar)" = "$(printf 'schema.json\npatients.csv')" ]
	tar xOf plain.tar patients.csv | cmp - patients.csv
	[ "$(tar xOf plain.tar schema.json)" = '{"patients.csv":"text/csv"}' ]
	[ -z "$(grep -rlaF "$(sed -n 500p patients.csv)" "$ENCLUA_HOME")" ]
}

@test "values keep their types, from --set, --type and --json-file" {
	printf '{"person":{"age":36,"height":1.0,"alive":true}}' > in.json
	"$enclua" protect --set contacts.email=ada@example.org --set n=12 --type n=i128 --set x=1e3 --type x=f64 \
		--json-file in.json --name ada
	[ "$("$enclua" data get ada contacts/email)" = ada@example.org ]
	[ "$("$enclua" data get ada contacts.email)" = ada@example.org ]
	[ "$("$enclua" data get ada x)" = 1e+03 ]
	[ "$("$enclua" data get ada person.height)" = 1.0 ]
	"$enclua" --json data show ada |
		grep -qF '"schema":{"contacts":{"email":"string"},"n":"i128","person":{"age":"i128","alive":"bool","height":"f64"},"x":"f64"}'
}

@test "a folder is protected whole, and data get -o writes a file" {
	mkdir -p in/deep
	echo one > in/a.txt
	head -c 100000 /dev/urandom > in/deep/b.bin
	"$enclua" protect in --name folder
	"$enclua" data get folder deep/b.bin -o back.bin
	cmp back.bin in/deep/b.bin
	run "$enclua" data get folder a.txt -o back.bin
	[ "$status" -eq 6 ]
	cmp back.bin in/deep/b.bin
	as_age folder | tar tf - > list
	[ "$(cat list)" = "$(printf 'schema.json\na.txt\ndeep/b.bin')" ]
}

@test "one flipped bit of the blob: exit 5, and nothing is printed" {
	patients 100 > patients.csv
	"$enclua" protect patients.csv --name patients
	blob=$ENCLUA_HOME/blobs/$("$enclua" --json data show patients | field blob)
	chmod 600 "$blob"
	size=$(wc -c < "$blob")
	for at in 0 700 $((size - 1)); do
		cp "$blob" good
		flip "$blob" "$at"
		run --separate-stderr "$enclua" data get patients patients.csv
		[ "$status" -eq 5 ]
		[ -z "$output" ]
		cp good "$blob"
	done
	head -c $((size - 20)) good > "$blob"
	run "$enclua" data get patients patients.csv
	[ "$status" -eq 5 ]
	cp good "$blob"
	"$enclua" data get patients patients.csv | cmp - patients.csv
}

@test "only the owner reads data, even in the same home" {
	"$enclua" key new other --no-passphrase
	"$enclua" protect --set t=hidden --name mine
	run --separate-stderr "$enclua" --as other data get mine t
	[ "$status" -eq 4 ]
	[ -z "$output" ]
	"$enclua" key export other --secret-age > other.key
	"$enclua" --json data show mine > show.json
	field header < show.json | base64 -d > header
	run sh -c 'cat header "$ENCLUA_HOME/blobs/$0" | age -d -i other.key' "$(field blob < show.json)"
	[ "$status" -ne 0 ]
}

@test "a hidden schema stays hidden, and its owner can still read" {
	"$enclua" protect --set secretName=x --name quiet --hide-schema
	"$enclua" --json data show quiet > shown
	"$enclua" --json data list > listed
	[ "$(cat shown listed | grep -c quiet)" -eq 2 ]
	[ -z "$(grep -laF secretName -r shown listed "$ENCLUA_HOME")" ]
	[ "$("$enclua" data get quiet secretName)" = x ]
}

@test "list filters by schema and owner" {
	"$enclua" key new other --no-passphrase
	"$enclua" protect --set email=a --name one
	"$enclua" --as other protect --set email=1 --type email=i128 --name two
	"$enclua" protect --set email=b --set age=1 --type age=i128 --name three
	names() { "$enclua" --json data list "$@" | grep -o '"name":"[a-z]*"' | tr -d '\n'; }
	[ "$(names)" = '"name":"one""name":"two""name":"three"' ]
	[ "$(names --schema email:string)" = '"name":"one""name":"three"' ]
	[ "$(names --schema email:string --schema age:i128)" = '"name":"three"' ]
	[ "$(names --owner other)" = '"name":"two"' ]
	[ "$(names --owner "$("$enclua" key show other | grep -o "enclua1[a-z0-9]*")")" = '"name":"two"' ]
	run "$enclua" data list --schema email
	[ "$status" -eq 2 ]
}

# refused STATUS WORD ARGS…: exit status, a message with the word, no data made
refused() {
	status_wanted=$1 word=$2
	shift 2
	run --separate-stderr "$enclua" "$@"
	[ "$status" -eq "$status_wanted" ] || { echo "status $status: $stderr"; return 1; }
	[ -z "$output" ] || { echo "printed: $output"; return 1; }
	printf '%s' "$stderr" | grep -qF -- "$word" || { echo "no \"$word\" in: $stderr"; return 1; }
	[ "$("$enclua" --json data list | grep -c '"id"')" -eq 0 ]
	[ -z "$(find "$ENCLUA_HOME/blobs" -type f)" ]
}

@test "what cannot be protected is refused in words" {
	echo x > f
	ln -s f link
	mkfifo pipe
	mkdir empty withlink
	ln -s ../f withlink/inside
	echo '{"a":null}' > null.json
	echo '{"a":[1]}' > list.json
	echo '{}' > schema.json
	refused 2 "nothing to protect" protect
	refused 5 "symbolic link" protect link
	refused 5 "pipe" protect pipe
	refused 5 "empty" protect empty
	refused 5 "withlink/inside" protect withlink
	refused 5 "schema.json" protect schema.json
	refused 3 "nowhere" protect nowhere
	refused 5 "null" protect --json-file null.json
	refused 5 "list" protect --json-file list.json
	refused 5 "bool is true or false" protect --set a=yes --type a=bool
	refused 5 "2^127-1" protect --set a=170141183460469231731687303715884105728 --type a=i128
	refused 5 "finite" protect --set a=nan --type a=f64
	refused 5 "no type float" protect --set a=1 --type a=float
	refused 5 "a b" protect --set "a b=1"
	refused 2 "KEY=VALUE" protect --set a
	refused 2 "nothing with that key" protect --set a=1 --type b=f64
	refused 6 "given twice" protect --set a=1 --set a=2
	refused 6 "given twice" protect f f
	refused 5 "name" protect f --name "Not A Name"
}

@test "a name is given once" {
	"$enclua" protect --set a=1 --name mine
	run "$enclua" protect --set a=2 --name mine
	[ "$status" -eq 6 ]
	[ "$("$enclua" data get mine a)" = 1 ]
	[ "$(find "$ENCLUA_HOME/blobs" -type f | wc -l)" -eq 1 ]
}

@test "what is not there is said" {
	"$enclua" protect --set contacts.email=x --name contacts
	run "$enclua" data get contact contacts/email
	[ "$status" -eq 3 ]
	printf '%s' "$output" | grep -q 'did you mean contacts'
	run "$enclua" data get contacts contacts/mail
	[ "$status" -eq 3 ]
	printf '%s' "$output" | grep -q 'contacts/email'
	run "$enclua" data get contacts contacts
	[ "$status" -eq 3 ]
}

@test "--json: one object" {
	"$enclua" protect --json --set a=1 --name mine > out.json
	[ "$(wc -l < out.json)" -eq 1 ]
	for f in '"ok":true' '"data":"data1' '"name":"mine"' '"blob":"' '"schema":{"a":"string"}' '"owner":"enclua1'; do
		grep -qF "$f" out.json || { cat out.json; return 1; }
	done
	run --separate-stderr "$enclua" --json protect --set a=1 --name mine
	[ "$status" -eq 6 ]
	[ -z "$output" ]
	printf '%s' "$stderr" | grep -qF '"code":"E_CONFLICT"'
}

@test "a large file is protected in little memory, and killing that leaves nothing" {
	size=512M
	[ -z "${LONG:-}" ] || size=4G
	truncate -s "$size" big
	if [ -z "${SAN:-}" ]; then	# under the sanitizers memory is not ours
		"$enclua" protect big --name big &
		pid=$!
		peak=0
		while kill -0 $pid 2> /dev/null; do
			now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status 2> /dev/null || :)	# it may end between two looks
			peak=${now:-$peak}
			sleep 0.02
		done
		wait $pid
		[ "$peak" -gt 0 ]
		[ "$peak" -lt 40960 ] || { echo "peak $peak KiB"; return 1; }
	fi
	before=$(find "$ENCLUA_HOME/blobs" -type f | wc -l)
	"$enclua" protect big --name killed &
	pid=$!
	while [ "$(find "$ENCLUA_HOME/blobs/tmp" -type f | wc -l)" -eq 0 ]; do sleep 0.01; done
	kill -9 $pid
	got=0
	wait $pid || got=$?
	[ "$got" -eq 137 ]
	sleep 0.2
	run "$enclua" data show killed
	[ "$status" -eq 3 ]
	[ "$(find "$ENCLUA_HOME/blobs" -type f | wc -l)" -eq "$before" ]
}

@test "a damaged schema is told of its own data, and hides no other" {
	mkdir many
	for i in $(seq 3000); do : > "many/a-rather-long-name-of-a-file-number-$i.csv"; done
	"$enclua" protect many --name broken
	"$enclua" protect --set t=x --name whole
	"$enclua" --json data show broken | jq -e '.schema | length == 3000'
	for blob in "$ENCLUA_HOME"/blobs/*; do
		if grep -aq '^{"a-rather' "$blob"; then damaged=$blob; fi
	done
	[ -n "$damaged" ]
	chmod u+w "$damaged"
	flip "$damaged" 9
	for turn in changed gone; do
		"$enclua" --json data list | jq -e '.data | length == 2 and (.[0] | .name == "broken" and .schema == null and .schema_damaged)
			and (.[1] | .schema == {"t": "string"} and (has("schema_damaged") | not))'
		"$enclua" data list | grep -q 'broken  (schema damaged)$'
		[ "$("$enclua" --json data list --schema t:string | jq -r '.data[].name')" = whole ]
		"$enclua" data show whole | grep -q 't: string'
		run --separate-stderr "$enclua" data show broken
		[ "$status" -ne 0 ]
		[ -z "$output" ]
		[[ "$stderr" == *"the schema of data1"* && "$stderr" == *"enclua data list"* ]]
		rm -f "$damaged"
	done
}
