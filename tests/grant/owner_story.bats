#!/usr/bin/env bats
# A story to read: ada has measurements that may serve research and nothing else. Each step is a command that anybody can type.

load helper
setup() { setup_market; }
teardown() { teardown_place; }

@test "protect, grant for research only, a marketing run is refused, revoke, the next run is refused, the old receipt still verifies" {
	# The machine's operator, `me`, has put an iApp into the book. It computes the average of a column.
	"$enclua" app deploy "$top/iapps/cohort-average" > /dev/null

	# Ada seals her file. From here on it is read in a box only, and by nobody whom she has not let in.
	printf 'age,weight\n34,61\n58,80\n40,72\n45,66\n61,70\n38,59\n29,64\n51,77\n47,68\n36,62\n' > patients.csv
	data=$(value .data --as ada protect patients.csv --name patients)
	fails 4 "patients belongs to ada, and nobody else may run on it" "$enclua" --as ben run-task cohort-average --data "$data" --arg column=age

	# She lets ben run that iApp, for health research, ten times, for a month.
	says 0 "$enclua" --as ada grant patients --app cohort-average --user ben --purpose DUO:0000006 --uses 10 --until +30d
	grep -q "patients: ben with cohort-average, free, 10 of 10 uses left, for DUO:0000006 (health or medical or biomedical research), until " out
	grant=$(value '.grants[0].grant' grants patients)

	# A run for marketing is refused, and says why and what would be let in.
	fails 4 "$grant is for purpose DUO:0000006 (health or medical or biomedical research), you stated marketing" \
		"$enclua" --as ben run-task cohort-average --data "$data" --arg column=age --purpose marketing
	grep -qF -- "--purpose DUO:0000006" err

	# For research on one disease, which is health research, it runs. Ben has the result and a receipt, and never the data.
	says 0 "$enclua" --as ben run-task cohort-average --data "$data" --arg column=age --purpose DUO:0000007 -o ben
	[ -s ben/task.receipt ]
	fails 4 "only its owner reads data" "$enclua" --as ben data get "$data" patients.csv
	[ "$(value '.grants[0].left' grants patients)" = 9 ]

	# Nobody else comes in by that.
	fails 4 "is for user ben" "$enclua" --as carl run-task cohort-average --data "$data" --arg column=age --purpose DUO:0000007

	# Ada changes her mind. She is told what that cannot undo, and what she granted is still there to be read.
	says 0 "$enclua" --as ada revoke "$grant"
	grep -q "a key that was released stays released" err
	fails 4 "nobody else may run on it" "$enclua" --as ben run-task cohort-average --data "$data" --arg column=age --purpose DUO:0000007
	says 0 "$enclua" grants patients --all
	grep -q "^$grant  revoked  patients: ben with cohort-average, free, 9 of 10 uses left" out

	# What was right when it happened stays provable.
	says 0 "$enclua" verify ben/task.receipt
	says 0 "$enclua" book verify
}
