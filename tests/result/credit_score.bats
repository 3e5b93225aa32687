#!/usr/bin/env bats
# iapps/credit-score against the rules in Python.

load helper
setup() { setup_home; "$enclua" -q init --no-passphrase; }
teardown() { teardown_home; }

app=$BATS_TEST_DIRNAME/../../iapps/credit-score
score() { "$enclua" run-task "$app" --data "$1" -o out; }

# The rules once more, as conditions and not as a table: reads a CSV of people, writes what scores.csv must be.
reference() {
	cat > reference.py <<'PY'
import csv, sys
print("row,score,grade,payments,debts,cards,buffer,history,enquiries,reasons")
def share(part, whole): return part / whole if whole else (float("inf") if part else 0)
for i, r in enumerate(csv.DictReader(open(sys.argv[1], newline="")), 1):
    r = {k: float(v) for k, v in r.items() if k != "note"}
    m, e, h = r["missed_payments"], r["enquiries"], r["history_months"]
    d, c, b = share(r["debt_payments"], r["income"]), share(r["card_balance"], r["card_limit"]), share(r["savings"], r["expenses"] + r["debt_payments"])
    factors = [
        (180, (180, "no payment was missed in two years") if m == 0 else (110, "one payment was missed in two years") if m == 1
            else (40, "two or three payments were missed in two years") if m < 4 else (0, "more than three payments were missed in two years")),
        (110, (110, "") if d <= .1 else (80, "debts take up to a quarter of the income") if d <= .25
            else (35, "debts take up to two fifths of the income") if d <= .4 else (0, "debts take more than two fifths of the income")),
        (90, (90, "") if c <= .3 else (50, "up to three fifths of the credit on cards are used") if c <= .6
            else (15, "up to nine tenths of the credit on cards are used") if c <= .9 else (0, "nearly all of the credit on cards is used, or more")),
        (80, (0, "savings would last for at most two weeks") if b <= .5 else (25, "savings would last for up to two months") if b <= 2
            else (55, "savings would last for up to six months") if b <= 6 else (80, "")),
        (60, (0, "the oldest account is at most a year old") if h <= 12 else (20, "the oldest account is up to three years old") if h <= 36
            else (40, "the oldest account is up to eight years old") if h <= 96 else (60, "")),
        (30, (30, "") if e <= 1 else (15, "two or three lenders asked in half a year") if e <= 3 else (0, "more than three lenders asked in half a year")),
    ]
    points = [p for _, (p, _) in factors]
    total = 300 + sum(points)
    grade = "A" if total >= 740 else "B" if total >= 670 else "C" if total >= 580 else "D" if total >= 480 else "E"
    lost = sorted(((p - most, words) for most, (p, words) in factors if p < most), key=lambda x: x[0])  # stable: of equals the first
    print(f'{i},{total},{grade},{",".join(map(str, points))},"{"; ".join(words for _, words in lost[:3])}"')
PY
	python3 reference.py "$1"
}

@test "the sample, and three thousand people on and around the borders of every band: as the rules say, to the byte" {
	score "$app/sample/people.csv"
	cmp out/scores.csv <(reference "$app/sample/people.csv")
	python3 - > people.csv <<'PY'
import random
random.seed(8)
print("history_months,note,income,expenses,debt_payments,card_balance,card_limit,savings,missed_payments,enquiries")
for i in range(3000):
    income, limit, out = random.choice([0, 1000, 3333.33, 1e-300, 1e300]), random.choice([0, 100, 700]), random.choice([0, 500, 812.5])
    debt = random.choice([0, income * .1, income * .25, income * .4, income * .4001, 77])
    row = [random.choice([0, 12, 13, 36, 37, 96, 97, 1e9]), '"a, ""b"""', income, out, debt, limit * random.choice([0, .3, .31, .6, .9, 1, 2]) or random.choice([0, 5]), limit,
        (out + debt) * random.choice([0, .5, .51, 2, 6, 6.01]), random.choice([0, 0, 1, 2, 3, 4, 50]), random.choice([0, 1, 2, 3, 4])]
    print(",".join(str(x) for x in row))
PY
	score people.csv
	cmp out/scores.csv <(reference people.csv)
	[ "$(cut -d, -f3 out/scores.csv | sort -u | wc -l)" -eq 6 ]
}

@test "typed values: the same score as the row of a CSV, with each point explained and what would bring more" {
	"$enclua" protect --json-file "$app/sample/ada.json" --name ada
	score ada
	jq -r '.finances | [keys_unsorted, [.[]]] | .[] | map(tostring) | join(",")' "$app/sample/ada.json" > ada.csv
	reference ada.csv | tail -1 > want
	jq -r '"1,\(.score),\(.grade),\([.factors[].points | tostring] | join(",")),\"\(.reasons | join("; "))\""' out/score.json > got
	cmp got want
	jq -e '.score == 300 + ([.factors[].points] | add) and ([.factors[].of] | add) == 550' out/score.json
	jq -e '.factors | map(select(.points < .of)) | length == 5 and all(.better.points > 0)' out/score.json
	jq -e '.factors[] | select(.factor == "debts") | .better == {at_most: 0.1, points: 30}' out/score.json
	jq -e '.factors[] | select(.factor == "buffer") | .better == {more_than: 6, points: 25}' out/score.json
	jq -e '.factors[] | select(.factor == "enquiries") | has("better") | not' out/score.json
	# What is said to bring more does.
	jq '.finances.debt_payments = 320' "$app/sample/ada.json" > less.json
	before=$(jq .score out/score.json)
	"$enclua" protect --json-file less.json --name less
	score less
	[ "$(jq .score out/score.json)" -eq $((before + 30)) ]
}

@test "what is missing, no number, negative, or no whole number is named, and its value is not" {
	good=$(sed -n 2p "$app/sample/people.csv") head=$(head -1 "$app/sample/people.csv")
	while read -r column value words; do
		{ echo "$head"; echo "$good"; awk -F, -v OFS=, -v c="$column" -v v="$value" '{ $c = v } 1' <<< "$good"; } > bad.csv
		refuses 8 "row 2 after the header: $words" score bad.csv < /dev/null
		[[ "$output" != *"$value"* ]]
	done <<-'END'
		1 7o7o income is not a number
		2 nan expenses is not a number
		6 -4711 savings must not be negative
		5 1e999 card_limit must not be negative, and not infinite
		7 0.123 missed_payments must be a whole number
	END
	printf 'income,expenses\n1,2\n' > short.csv
	refuses 8 'no column "debt_payments"; the columns are: income, expenses' score short.csv
	"$enclua" protect --set income=4711 --set expenses=1 --name texts
	refuses 8 "income is not a number" score texts
	[[ "$output" != *4711* ]]
	"$enclua" protect --set a.income=1 --set b.income=2 --name twice
	refuses 8 "the data has income twice" score twice
	"$enclua" protect --set income=1 --type income=f64 --name few
	refuses 8 "the data has no value expenses" score few
	stays_whole out
}

@test "a table without rows has no scores, and no file at all is refused" {
	head -1 "$app/sample/people.csv" > none.csv
	score none.csv
	[ "$(wc -l < out/scores.csv)" -eq 1 ]
	: > empty.csv
	rm -r out
	refuses 8 "" score empty.csv
	stays_whole out
}

@test "under a policy of one decision there is one, for the purpose that was granted" {
	"$enclua" protect --json-file "$app/sample/ada.json" --name ada --policy "$top/manifests/policies/one-decision"
	"$enclua" key new bank --no-passphrase
	"$enclua" app deploy "$app"
	"$enclua" grant ada --app credit-score --user bank
	asked() { "$enclua" --as bank run-task credit-score --data ada --purpose "$1" -o out; }
	refuses 4 "no-permit" asked marketing
	asked credit-assessment
	[ "$(jq .score out/score.json)" -eq 665 ]
	rm -r out
	refuses 4 "max_uses" asked credit-assessment
	stays_whole out
}
