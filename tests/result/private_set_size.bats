#!/usr/bin/env bats
# iapps/private-set-size against sets in Python.

load helper
setup() { setup_home; "$enclua" -q init --no-passphrase; }
teardown() { teardown_home; }

app=$BATS_TEST_DIRNAME/../../iapps/private-set-size
overlap() { "$enclua" run-task "$app" --data "$1" --data "$2" -o out "${@:3}"; }
answer() { jq -c '[.sizes[], .overlap]' out/overlap.json; }
# numbered PREFIX FROM TO: one entry in each line
numbered() { seq "$2" "$3" | sed "s/^/$1/"; }

@test "the sample: what the README says" {
	overlap "$app/sample/members.txt" "$app/sample/subscribers.csv" --arg column=name
	[ "$(answer)" = "[90,80,40]" ]
	[ ! -s out/log.txt ]
}

@test "as Python has it, for each way to compare, with repeats, odd spaces, and letters of three alphabets" {
	cat > make.py <<'PY'
import json, random, re, sys
random.seed(11)
pool = ["".join(random.choice("abÄößÉéŠšŽžΩωΣσЖжЁё×÷7 ") for _ in range(random.randint(1, 4))) for _ in range(3000)]
def written(): return "".join(random.choice(["", " ", "\t", "  "]) + random.choice(pool) + random.choice(["", " "]) + "\n" for _ in range(900))
texts = written(), written()
for name, text in zip(("a.txt", "b.txt"), texts): open(name, "w", encoding="utf-8", newline="").write(text)
for case in (False, True):
    for spaces in (False, True):
        def normal(e):
            if spaces: e = re.sub("[ \t]+", " ", e).strip(" ")
            return e.lower().replace("ς", "σ") if case else e
        a, b = (set(map(normal, t.split("\n"))) - {""} for t in texts)
        print(str(case).lower(), str(spaces).lower(), json.dumps([len(a), len(b), len(a & b)], separators=(",", ":")))
PY
	python3 make.py > want
	[ "$(wc -l < want)" -eq 4 ]
	while read -r case spaces want; do
		overlap a.txt b.txt --arg ignore_case="$case" --arg ignore_spaces="$spaces" < /dev/null
		[ "$(answer)" = "$want" ] || { echo "$case $spaces: $(answer), not $want"; false; }
	done < want
	[ "$(cut -d' ' -f3 want | sort -u | wc -l)" -eq 4 ]
}

@test "nothing is said of a list under the minimum, and no argument lowers it" {
	numbered e 1 19 > few.txt
	numbered e 1 100 > many.txt
	for order in "few.txt many.txt" "many.txt few.txt"; do
		refuses 8 "fewer than 20 different entries" overlap $order --arg minimum=1
		stays_whole out
	done
	for i in 1 2 3; do cat few.txt; done > repeated.txt
	refuses 8 "fewer than 20" overlap repeated.txt many.txt
	refuses 8 "fewer than 101" overlap many.txt many.txt --arg minimum=101
}

@test "an overlap that nearly names its entries is not told: few in both, or few in one list alone" {
	numbered e 1 60 > a.txt
	numbered e 41 100 > twenty.txt
	overlap a.txt twenty.txt
	[ "$(answer)" = "[60,60,20]" ]
	numbered e 42 100 > nineteen.txt
	overlap a.txt nineteen.txt
	[ "$(answer)" = "[60,59,null]" ]
	numbered x 1 60 > none.txt
	overlap a.txt none.txt
	[ "$(answer)" = "[60,60,null]" ]
	overlap a.txt a.txt
	[ "$(answer)" = "[60,60,null]" ]
	numbered e 1 79 > all_but_19.txt
	overlap a.txt all_but_19.txt
	[ "$(answer)" = "[60,79,null]" ]
}

@test "an answer has only numbers: no entry, no name of a file, whatever the lists hold" {
	{ numbered e 1 50; echo '","secret":"'; printf '\xff\xfe\x00bytes\n'; } > a.txt
	{ numbered e 21 90; printf '\xff\xfe\x00bytes\r\n'; } > b.txt
	"$enclua" protect a.txt --name a --type a.txt=text/plain
	"$enclua" protect b.txt --name b --type b.txt=text/plain
	overlap a b
	jq -e 'keys == ["minimum", "overlap", "sizes"] and .sizes == [52, 71] and .overlap == 31' out/overlap.json
	[ "$(wc -c < out/overlap.json)" -lt 100 ]
}

@test "one list, three lists, a folder, a picture, no column, an empty file: each refused in words" {
	numbered e 1 50 > a.txt
	{ echo name,age; numbered e 1 50 | sed 's/$/,1/'; } > b.csv
	refuses 8 "two lists are compared, not 1" "$enclua" run-task "$app" --data a.txt -o out
	refuses 8 "two lists are compared, not 3" "$enclua" run-task "$app" --data a.txt --data a.txt --data b.csv -o out
	refuses 8 "argument column" overlap a.txt b.csv
	refuses 8 'list 2 has no column "nme"; its columns are: name, age' overlap a.txt b.csv --arg column=nme
	mkdir folder && cp a.txt b.csv folder
	refuses 8 "list 1 has 2 files" overlap folder a.txt
	printf '%%PDF-1.4' > c.pdf
	refuses 8 "list 2 is application/pdf" overlap a.txt c.pdf
	: > empty.csv
	refuses 8 "list 2" overlap a.txt empty.csv --arg column=name
	: > empty.txt
	refuses 8 "fewer than 20" overlap a.txt empty.txt
	{ cat b.csv; echo '"unclosed,1'; } > torn.csv
	refuses 8 "52" overlap a.txt torn.csv --arg column=name
	stays_whole out
}

@test "the policy of few answers permits it for statistics, and nothing else" {
	numbered e 1 60 > a.txt
	"$enclua" protect a.txt --name mine
	"$enclua" app deploy "$app" > /dev/null
	asked() { "$enclua" policy explain "$top/manifests/policies/few-answers" --data mine --app "$1" --user me --purpose "$2"; }
	asked private-set-size statistics/overlap | grep -q '^decision  permit'
	asked private-set-size marketing | grep -q '^decision  deny: no-permit'
	"$enclua" app deploy "$top/iapps/deliver" > /dev/null
	asked deliver statistics/overlap | grep -q '^decision  deny: no-permit'
}

@test "words are the same in every iApp that has them" {
	for copy in "$top"/iapps/*/lib/words.lua; do
		cmp "$app/lib/words.lua" "$copy"
	done
}

@test "lists of two owners, compared for a third: neither shows it to the other, and after five answers it is over" {
	numbered e 1 60 > a.txt
	numbered e 31 120 > b.txt
	"$enclua" app deploy "$app"
	for owner in ada carl ben; do "$enclua" key new "$owner" --no-passphrase; done
	"$enclua" --as ada protect a.txt --name as_list
	"$enclua" --as carl protect b.txt --name cs_list --policy "$top/manifests/policies/few-answers"
	"$enclua" --as ada grant as_list --app private-set-size --user ben --bulk
	"$enclua" --as carl grant cs_list --app private-set-size --user ben --bulk
	asked() { "$enclua" --as ben run-task private-set-size --bulk as_list cs_list --purpose "$1" -o "$2"; }
	asked statistics/overlap out
	[ "$(jq -c '[.sizes[], .overlap]' out/slice-1/overlap.json)" = "[60,90,30]" ]
	for i in 2 3 4 5; do asked statistics/overlap "out$i"; done
	run asked statistics/overlap out6
	[ "$status" -eq 8 ]
	[ -z "$(find out6 -name overlap.json 2> /dev/null)" ]
}

@test "a list whose owner's policy does not permit the purpose is not opened, and then nothing is said of the other" {
	numbered e 1 60 > a.txt
	"$enclua" app deploy "$app"
	for owner in ada carl ben; do "$enclua" key new "$owner" --no-passphrase; done
	"$enclua" --as ada protect a.txt --name as_list
	"$enclua" --as carl protect a.txt --name cs_list --policy "$top/manifests/policies/few-answers"
	"$enclua" --as ada grant as_list --app private-set-size --user ben --bulk
	"$enclua" --as carl grant cs_list --app private-set-size --user ben --bulk
	run "$enclua" --as ben run-task private-set-size --bulk as_list cs_list --purpose marketing -o out
	[ "$status" -eq 8 ]
	[ -z "$(find . -name overlap.json)" ]
}
