#!/usr/bin/env bats
# The iApps of this tree against other programs: awk, wc, and the formula in the model.

load helper
setup() { setup_home; }
teardown() { teardown_home; }

# labelled ROWS SEED: noise,x,y,outcome,place; the outcome follows from x and y, the two features on very different scales.
labelled() {
	LC_ALL=C awk -v rows="$1" -v s="$2" '
	function u() { s = (s * 16807) % 2147483647; return s / 2147483647 }
	BEGIN {
		print "noise,x,y,outcome,place"
		for (i = 1; i <= rows; i++) {
			x = u() * 2 - 1; y = 5000 + 1000 * (u() * 2 - 1); noise = u()
			p = 1 / (1 + exp(-(3 * x - 2 * (y - 5000) / 1000)))
			printf "%.4f,%.4f,%.1f,%d,%s\n", noise, x, y, u() < p, i % 2 ? "north" : "south, far"
		}
	}' | sed 's/south, far/"south, far"/'
}

train() { "$enclua" run-task "$top/iapps/train-logistic" --data "$1" --arg target=outcome -o model "${@:2}"; }
# number NAME: of model.json
number() { sed -n "s/^ *\"$1\": \(-\{0,1\}[0-9.e+-]*\),\{0,1\}\$/\1/p" model/model.json; }
# list NAME: of model.json, one line each
list() { awk -v name="\"$1\":" '$1 == name { on = 1; next } on && /\]/ { exit } on { gsub(/[ ",]/, ""); print }' model/model.json; }
holds() { awk "BEGIN { exit !($1) }"; }

@test "hello-world greets the argument, and repeats a protected text" {
	"$enclua" run-task "$top/iapps/hello-world" -o out
	[ "$(cat out/hello.txt)" = "Hello, world!" ]
	"$enclua" protect --name note --set text="the cake"
	"$enclua" run-task "$top/iapps/hello-world" --arg name=Ada --data note -o out
	[ "$(cat out/hello.txt)" = $'Hello, Ada!\nYour protected text reads: the cake' ]
	printf 'a\n1\n' > table.csv
	run "$enclua" run-task "$top/iapps/hello-world" --data table.csv -o none
	[ "$status" -eq 8 ]
	[[ "$output" == *"the data holds no text"* ]]
}

@test "word-count counts as wc does, whatever is in the text" {
	{ printf '  two  words\n\nthird\tline, no end\r\n\v\f x'; head -c 300000 /dev/zero | tr '\0' 'w'; printf ' last'; } > book.txt
	"$enclua" run-task "$top/iapps/word-count" --data book.txt -o out
	grep -qx " *\"lines\": $(wc -l < book.txt | tr -d ' ')," out/counts.json
	grep -qx " *\"words\": $(LC_ALL=C wc -w < book.txt | tr -d ' ')," out/counts.json
	grep -qx " *\"bytes\": $(wc -c < book.txt | tr -d ' ')," out/counts.json
}

@test "word-count lists the most frequent words, also those that lie over a border of its pieces" {
	LC_ALL=C awk 'BEGIN { s = 7; for (i = 0; i < 200000; i++) { s = (s * 16807) % 2147483647
		printf "%s%s", "w" int(s % 997), i % 9 ? " " : "\n" } }' > book.txt
	"$enclua" run-task "$top/iapps/word-count" --data book.txt --arg top=25 -o out
	tr -s ' \n' '\n\n' < book.txt | grep . | LC_ALL=C sort | uniq -c | LC_ALL=C sort -k1,1nr -k2,2 | head -25 |
		awk 'BEGIN { print "word,count" } { printf "\"%s\",%d\n", $2, $1 }' > want.csv
	cmp out/words.csv want.csv
	grep -qx " *\"words\": 200000," out/counts.json
	grep -q '"words_dropped": 0' out/counts.json
}

@test "cohort-average agrees with awk, by group as well" {
	patients 1000 > patients.csv
	"$enclua" run-task "$top/iapps/cohort-average" --data patients.csv --arg column=age --arg by=smoker -o out
	[ "$(cat out/average.txt)" = "$(awk -F, 'NR > 1 { s += $2 } END { printf "%.3f", s / (NR - 1) }' patients.csv)" ]
	for group in 0 1; do
		want=$(awk -F, -v g=$group 'NR > 1 && $3 == g { s += $2; n++ } END { printf "%.9f %d", s / n, n }' patients.csv)
		got=$(awk -v g="\"$group\":" '$1 == g { on = 1 } on && $1 == "\"count\":" { n = $2 + 0 } on && $1 == "\"mean\":" { printf "%.9f %d", $2 + 0, n; exit }' out/statistics.json)
		[ "$got" = "$want" ]
	done
}

@test "cohort-average describes no cohort under the minimum, and no argument lowers it" {
	patients 4 > few.csv
	run "$enclua" run-task "$top/iapps/cohort-average" --data few.csv --arg column=age -o out
	[ "$status" -eq 8 ]
	[[ "$output" == *"fewer values than the minimum cohort of 5"* ]]
	run "$enclua" run-task "$top/iapps/cohort-average" --data few.csv --arg column=age --arg min_cohort=1 -o out
	[ "$status" -eq 8 ]
	stays_whole out
	patients 5 > enough.csv
	"$enclua" run-task "$top/iapps/cohort-average" --data enough.csv --arg column=age -o out
	[ "$(cat out/average.txt)" = 23.000 ]
}

@test "cohort-average does not tell a total that gives one hidden group away; with two hidden ones it does" {
	{ echo v,g; for i in 1 2 3 4 5 6; do echo "$i,a"; done; echo 7,b; } > one.csv
	run "$enclua" run-task "$top/iapps/cohort-average" --data one.csv --arg column=v --arg by=g -o out
	[ "$status" -eq 8 ]
	[[ "$output" == *"exactly one group"* ]]
	stays_whole out
	{ cat one.csv; echo 8,c; } > two.csv
	"$enclua" run-task "$top/iapps/cohort-average" --data two.csv --arg column=v --arg by=g -o out
	grep -q '"groups_hidden": 2' out/statistics.json
	run grep -E '"(b|c)"' out/statistics.json
	[ "$status" -eq 1 ]

}

@test "cohort-average names the line and the column of what is no number, not the value" {
	printf 'v\n1\n2\nNA\n\n3\nsecret\n' > bad.csv
	run "$enclua" run-task "$top/iapps/cohort-average" --data bad.csv --arg column=v -o out
	[ "$status" -eq 8 ]
	[[ "$output" == *'line'*'"v" is not a number'* ]]
	[[ "$output" != *secret* ]]
	run "$enclua" run-task "$top/iapps/cohort-average" --data bad.csv --arg column=w -o out
	[[ "$output" == *'there is no column "w"'* ]]
}

@test "train-logistic finds what the data was made of" {
	labelled 4000 42 > data.csv
	train data.csv
	[ "$(list features | tr '\n' ' ')" = "noise x y " ]
	grep -q "^rows          4000: 3200 for training, 800 for the test" model/report.txt
	accuracy=$(number accuracy) auc=$(number auc)
	base=$(sed -n 's/^accuracy .*; \([0-9.]*\) by always.*/\1/p' model/report.txt)
	holds "$accuracy > $base + 0.1"
	holds "$auc > 0.8 && $auc < 1"
	# Weights on the scale of the data: 3 for x and -0.002 for y, 0 for the noise, each within four standard errors or so.
	paste <(list weights) <(list sds) | awk 'NR == 1 { n = $1 / $2 } NR == 2 { x = $1 / $2 } NR == 3 { y = $1 / $2 }
		END { exit !(n > -0.6 && n < 0.6 && x > 2.6 && x < 3.4 && y < -0.0017 && y > -0.0023) }'
}

@test "train-logistic: by the formula and the numbers in model.json, rows of class 1 are as frequent as they are" {
	labelled 300 7 > data.csv
	train data.csv --arg features=x,y --arg ridge=1.5
	# Exactly so over the training rows, as the intercept bears no penalty; nearly so over all, as only the seed knows which ones those are.
	paste <(list means) <(list sds) <(list weights) > terms
	awk -F, -v b="$(number intercept)" 'BEGIN { while ((getline line < "terms") > 0) { split(line, t, "\t"); n++; m[n] = t[1]; s[n] = t[2]; w[n] = t[3] } }
		FNR > 1 { e = b + w[1] * ($2 - m[1]) / s[1] + w[2] * ($3 - m[2]) / s[2]; p += 1 / (1 + exp(-e)); ones += $4; rows++ }
		END { d = (p - ones) / rows; exit !(d < 0.05 && d > -0.05) }' data.csv
}

@test "predict-logistic applies the formula: the same numbers by awk" {
	labelled 1000 3 > data.csv
	train data.csv
	labelled 50 99 > new.csv
	"$enclua" protect model/model.json --name model
	"$enclua" run-task "$top/iapps/predict-logistic" --data model --file new.csv -o out
	paste <(list means) <(list sds) <(list weights) > terms
	LC_ALL=C awk -F, -v b="$(number intercept)" 'BEGIN { while ((getline line < "terms") > 0) { split(line, t, "\t"); n++; m[n] = t[1]; s[n] = t[2]; w[n] = t[3] }
		print "row,probability,class" }
		FNR > 1 { e = b; for (j = 1; j <= 3; j++) e += w[j] * ($j - m[j]) / s[j]; p = 1 / (1 + exp(-e)); printf "%d,%.6f,%d\n", FNR - 1, p, (p >= 0.5) }' new.csv > want.csv
	cmp out/predictions.csv want.csv
	[ "$(wc -l < want.csv)" -eq 51 ]
	grep -q ',1$' want.csv
	grep -q ',0$' want.csv
	# The rows may be protected as well, and the threshold moves the class alone.
	"$enclua" run-task "$top/iapps/predict-logistic" --data model --data new.csv --arg threshold=0.9 -o again
	cmp <(cut -d, -f1,2 out/predictions.csv) <(cut -d, -f1,2 again/predictions.csv)
	awk -F, 'NR > 1 && ($2 >= 0.9) != $3 { exit 1 }' again/predictions.csv
}

@test "predict-logistic refuses what is no model, no rows, or two sources of rows" {
	labelled 300 3 > data.csv
	train data.csv
	"$enclua" protect model/model.json --name model
	run "$enclua" run-task "$top/iapps/predict-logistic" --data model -o out
	[ "$status" -ne 0 ]
	[[ "$output" == *"no rows to predict"* ]]
	run "$enclua" run-task "$top/iapps/predict-logistic" --data model --data data.csv --file data.csv -o out
	[ "$status" -eq 8 ]
	[[ "$output" == *"give one of them"* ]]
	cut -d, -f1,2,4 data.csv > short.csv
	run "$enclua" run-task "$top/iapps/predict-logistic" --data model --file short.csv -o out
	[ "$status" -eq 8 ]
	[[ "$output" == *'there is no column "y"'* ]]
	mkdir fake
	echo '{"format": "enclua-logistic-1", "features": ["x"], "intercept": 0, "weights": [1], "means": ["0"], "sds": [1]}' > fake/model.json
	run "$enclua" run-task "$top/iapps/predict-logistic" --data fake/model.json --file data.csv -o out
	[ "$status" -eq 8 ]
	[[ "$output" == *"element 1 of means is not a number"* ]]
	echo '{"answer": 42}' > fake/model.json
	run "$enclua" run-task "$top/iapps/predict-logistic" --data fake/model.json --file data.csv -o out
	[ "$status" -eq 8 ]
	[[ "$output" == *"no model of train-logistic"* ]]
	stays_whole out
}

@test "train-logistic says which column and row stand in its way, and never the value" {
	labelled 200 5 > data.csv
	sed '10s/^[^,]*,/secret,/' data.csv > word.csv
	run train word.csv
	[ "$status" -eq 8 ]
	[[ "$output" == *'line 10: the value of "noise" is not a number'* ]]
	[[ "$output" != *secret* ]]
	awk -F, -v OFS=, 'NR == 17 { $4 = 2 } 1' data.csv > two.csv
	run train two.csv
	[[ "$output" == *'row 16 after the header: the value of "outcome" is neither 0 nor 1'* ]]
	head -90 data.csv > few.csv
	run train few.csv
	[[ "$output" == *"there are 89 rows"* ]]
	head -181 data.csv > small.csv
	run train small.csv
	[[ "$output" == *"the test part has 36 rows; at least 50"* ]]
	awk -F, -v OFS=, 'NR > 1 { $4 = 1 } 1' data.csv > ones.csv
	run train ones.csv --arg test_share=0.5
	[[ "$output" == *"one class only"* ]]
	run train data.csv --arg features=x,z --arg test_share=0.5
	[[ "$output" == *'there is no column "z"'* ]]
	run train data.csv --arg features=x,outcome
	[[ "$output" == *'is the target'* ]]
	run train data.csv --arg test_share=0.9
	[[ "$output" == *"between 0.05 and 0.5"* ]]
	stays_whole model
}
