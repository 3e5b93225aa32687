#!/usr/bin/env bats
# iapps/dp-histogram against exact counts in Python, and the noise against its distribution. A sound run fails one of these bounds less than once in a
# hundred million times.

load helper
setup() { setup_home; "$enclua" -q init --no-passphrase; }
teardown() { teardown_home; }

app=$BATS_TEST_DIRNAME/../../iapps/dp-histogram
histogram() { "$enclua" run-task "$app" --data "$1" --arg column="$2" --arg "$3" -o out "${@:4}"; }

# near NAME=COUNT…: out/histogram.json has these bins in this order, with counts that the noise can explain
near() {
	cat > near.py <<'PY'
import json, sys
want = [a.rsplit("=", 1) for a in sys.argv[1:]]
bins = json.load(open("out/histogram.json"))["bins"]
assert [b["bin"] for b in bins] == [w[0] for w in want], (bins, want)
assert all(abs(b["count"] - int(w[1])) <= 50 for b, w in zip(bins, want)), (bins, want)
PY
	python3 near.py "$@"
}

@test "the sample: counts that are near those of Python, by category and by range" {
	histogram "$app/sample/visits.csv" ward categories=heart,eyes,skin,bones,teeth
	count() { tail -n +2 "$app/sample/visits.csv" | cut -d, -f2 | grep -cx "$1" || true; }
	near heart="$(count heart)" eyes="$(count eyes)" skin="$(count skin)" bones="$(count bones)" teeth=0 "(other)=$(count '')"
	histogram "$app/sample/visits.csv" age edges=0,18,40,65,100
	between() { awk -F, -v a="$1" -v b="$2" 'NR > 1 && $1 >= a && $1 < b { n++ } END { print n + 0 }' "$app/sample/visits.csv"; }
	near "0 to 18=$(between 0 18)" "18 to 40=$(between 18 40)" "40 to 65=$(between 40 65)" "65 to 100=$(between 65 1000)" "(other)=0"
	jq -e '.epsilon == 0.5 and .error_95 == 6 and .column == "age"' out/histogram.json
}

@test "every row counts somewhere: beyond the edges in the first and the last range, no number or none of the list in (other)" {
	python3 - > t.csv <<'PY'
print("v")
for text, n in (("-1e9", 1000), ("0", 2000), ("9.99", 300), ("10", 4000), ("1e300", 5000), ("ten", 600), ("nan", 70), ('""', 8), ("-inf", 900), ("0x0A", 1000)):
    for _ in range(n): print(text)
PY
	histogram t.csv v edges=0,10,20.5
	near "0 to 10=3300" "10 to 20.5=10000" "(other)=1578"
	histogram t.csv v 'categories=10,"a, b",ten,'
	near 10=4000 "a, b=0" ten=600 "=8" "(other)=10270"
}

@test "the noise is that of epsilon 0.5: whole, of the right size, on empty bins as well, new in each run" {
	echo "v" > none.csv
	histogram none.csv v "categories=$(seq -s, 1000)"
	cat > spread.py <<'PY'
import json
x = [b["count"] for b in json.load(open("out/histogram.json"))["bins"]]
assert len(x) == 1001 and all(type(n) is int for n in x)
size, mean = sum(map(abs, x)) / len(x), sum(x) / len(x)
inside = sum(abs(n) <= 6 for n in x) / len(x)
assert 1.5 < size < 2.35 and abs(mean) < .55 and .91 < inside < .99, (size, mean, inside)
PY
	python3 spread.py
	jq -c .bins out/histogram.json > first
	histogram none.csv v "categories=$(seq -s, 1000)"
	python3 spread.py
	run cmp -s first <(jq -c .bins out/histogram.json)
	[ "$status" -eq 1 ]
}

@test "a row more changes no name, no order and no error: the bins are those of the arguments" {
	printf 'v\na\n' > one.csv
	printf 'v\na\nrare and telling\n\xff\xfe\n' > more.csv
	"$enclua" protect more.csv --name more --type more.csv=text/csv
	for data in one.csv more; do
		histogram "$data" v categories=b,a
		near b=0 a=1 "(other)=0"
		run grep -r telling out
		[ "$status" -eq 1 ]
	done
}

@test "the noise of an iApp without a budget, and bins that are none: refused in words" {
	echo "v" > t.csv
	cp -r "$app" free
	sed -i 's/, epsilon: 0.5//' free/iapp.yaml
	refuses 8 "epsilon" "$enclua" run-task ./free --data t.csv --arg column=v --arg categories=a -o out
	refuses 8 "the argument categories, or the argument edges" "$enclua" run-task "$app" --data t.csv --arg column=v -o out
	refuses 8 "the argument categories, or the argument edges" histogram t.csv v edges=1,2 --arg categories=a
	refuses 8 'the category "a" is listed twice' histogram t.csv v categories=a,b,a
	refuses 8 'the category "(other)"' histogram t.csv v "categories=a,(other)"
	refuses 8 "lists 1001 values" histogram t.csv v "categories=$(seq -s, 1001)"
	refuses 8 "one edge makes no range" histogram t.csv v edges=1
	refuses 8 'the edge "x" is not a number' histogram t.csv v edges=1,x
	for edges in 1,1 2,1 1,1e999 nan,1; do
		refuses 8 'the edge "' histogram t.csv v edges="$edges"
	done
	refuses 8 'no column "w"' histogram t.csv w edges=1,2
	: > empty.csv
	refuses 8 "" histogram empty.csv v edges=1,2
	echo '{}' > t.json
	refuses 5 "*.csv" histogram t.json v edges=1,2
	stays_whole out
}

@test "under a budget of 2 four runs of 0.5 are all there will ever be, whatever is asked" {
	"$enclua" protect "$app/sample/visits.csv" --name visits --policy "$top/manifests/policies/noise-budget"
	"$enclua" key new ann --no-passphrase
	"$enclua" app deploy "$app"
	"$enclua" grant visits --app dp-histogram --user ann --price 0
	asked() { "$enclua" --as ann run-task dp-histogram --data visits --purpose statistics --arg column="$1" --arg "$2" -o out; }
	asked age edges=0,50,100
	asked age edges=0,50,100
	asked ward categories=heart
	asked ward categories=eyes
	rm -r out
	refuses 4 "epsilon" asked age edges=0,10
	stays_whole out
}
