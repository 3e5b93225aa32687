#!/usr/bin/env bats
# iapps/deliver: the content comes out as it went in, and a policy can forbid just that.

load helper
setup() { setup_home; "$enclua" -q init --no-passphrase; }
teardown() { teardown_home; }

deliver() { "$enclua" run-task "$top/iapps/deliver" --data "$1" -o out "${@:2}"; }
# the_same DIR: out holds these files and, beside what the box writes itself, no others
the_same() { diff -r -x result.json -x log.txt -x result.age -x task.receipt "$1" out; }

@test "a folder comes out as it went in: empty, binary, deep, with any letters in its names" {
	mkdir -p in/a/b/c "in/Bücher und Ähnliches"
	: > in/empty
	head -c 300001 /dev/urandom > in/a/b/c/noise.bin
	printf 'no end of line' > "in/Bücher und Ähnliches/日本.txt"
	printf '\0\0\r\n' > in/a/zeros
	deliver in
	the_same in
}

@test "a file several times the memory limit, byte for byte; its receipt and digest name it" {
	head -c 50000000 /dev/urandom > film.mp4
	deliver film.mp4
	cmp film.mp4 out/film.mp4
	rm -r out
	"$enclua" --json run-task "$top/iapps/deliver" --data film.mp4 -o out > json
	jq -e --arg sum "$(sha256sum < film.mp4 | cut -d' ' -f1)" '.result.files | length == 1 and .[0].size == 50000000 and .[0].sha256 == $sum' json
}

@test "values come out as their text" {
	"$enclua" protect --name card --set contacts.email=ada@example.org --set big=-170141183460469231731687303715884105728 --type big=i128 --set ok=true --type ok=bool
	deliver card
	[ "$(cat out/contacts/email)" = ada@example.org ]
	[ "$(cat out/big)" = -170141183460469231731687303715884105728 ]
	[ "$(cat out/ok)" = true ]
}

@test "files named as the box names its own are delivered beside them" {
	mkdir -p in/task.receipt
	echo 1 > in/result.json
	echo 2 > in/log.txt
	echo 3 > in/task.receipt/deep
	echo 4 > in/log.txt.old
	deliver in
	[ "$(cat out/content/result.json out/content/log.txt out/content/task.receipt/deep out/log.txt.old)" = $'1\n2\n3\n4' ]
	"$enclua" verify out/task.receipt
}

@test "a policy that forbids raw copies forbids it, and nothing is left" {
	echo secret > note.txt
	"$enclua" protect note.txt --name note --policy "$top/manifests/policies/research-only"
	"$enclua" key new ann --no-passphrase
	"$enclua" app deploy "$top/iapps/deliver" > /dev/null
	"$enclua" grant note --app deliver --user ann > /dev/null
	run "$enclua" --as ann run-task deliver --data note --purpose DUO:0000006 -o out
	[ "$status" -eq 4 ] || { echo "$status $output"; false; }
	[[ "$output" == *no-raw-copy* ]] || { echo "$output"; false; }
	stays_whole out
}

@test "rented out: the payer gets it, at the price, and not for others" {
	echo "the film" > film.txt
	"$enclua" protect film.txt --name film --policy "$top/manifests/policies/rental"
	"$enclua" key new ann --no-passphrase
	"$enclua" account deposit 1000 --to ann
	"$enclua" app deploy "$top/iapps/deliver" > /dev/null
	"$enclua" grant film --app deliver --user any --price 25 > /dev/null
	run "$enclua" --as ann run-task deliver --data film -o out --max-price 100
	[ "$status" -eq 4 ]
	"$enclua" --as ann run-task deliver --data film --purpose content-delivery --max-price 100 -o out
	[ "$(cat out/film.txt)" = "the film" ]
	rm -r out
	run "$enclua" --as ann run-task deliver --data film --purpose content-delivery --max-price 100 --beneficiary me -o out
	[ "$status" -eq 4 ]
	[[ "$output" == *for-oneself* ]]
	stays_whole out
}

@test "more than the output limit: said so, and nothing is left, though most of it was copied" {
	cp -r "$top/iapps/deliver" small
	sed -i 's/output: 1GiB/output: 1MiB/' small/iapp.yaml
	head -c 1048576 /dev/zero > fits.bin
	"$enclua" run-task ./small --data fits.bin -o out
	cmp fits.bin out/fits.bin
	rm -r out
	head -c 1048577 /dev/zero > more.bin
	refuses 9 "output" "$enclua" run-task ./small --data more.bin -o out
	stays_whole out
	mkdir many && seq 4200 | sed 's|^|many/|' | xargs touch
	refuses 9 "output" "$enclua" run-task ./small --data many -o out
	stays_whole out
}
