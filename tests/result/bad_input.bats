#!/usr/bin/env bats
# The world's mistakes: each with its exit code, words that say what to do, and no half-written output.

load helper
setup() { setup_home; }
teardown() { teardown_home; }

# refuses CODE 'WORDS' run-task arguments…: exits so, says so, leaves nothing
refuses() {
	local code=$1 words=$2
	shift 2
	run "$enclua" run-task "$@" -o out
	[ "$status" -eq "$code" ] || { echo "exit $status, not $code: $output"; return 1; }
	[[ "$output" == *"$words"* ]] || { echo "no '$words' in: $output"; return 1; }
	stays_whole out
}

@test "missing iApp, missing data" {
	refuses 3 "nowhere" nowhere
	refuses 3 "nothing.csv" "$top/iapps/cohort-average" --data nothing.csv --arg column=age
}

@test "data of the wrong type is refused before the box" {
	echo '{"a":1}' > a.json
	refuses 5 "*.csv" "$top/iapps/cohort-average" --data a.json --arg column=age
}

@test "unknown, missing, repeated and ill-typed arguments" {
	patients 50 > p.csv
	refuses 2 "did you mean" "$top/iapps/cohort-average" --data p.csv --arg colum=age
	refuses 2 "column" "$top/iapps/cohort-average" --data p.csv
	refuses 2 "twice" "$top/iapps/cohort-average" --data p.csv --arg column=age --arg column=id
	refuses 2 "integer" "$top/iapps/cohort-average" --data p.csv --arg column=age --arg min_cohort=many
	refuses 2 "no data" "$top/iapps/predict-nothing" --data p.csv || refuses 3 "predict-nothing" "$top/iapps/predict-nothing" --data p.csv
}

@test "unknown column: the iApp's own words, with the columns there are" {
	patients 50 > p.csv
	refuses 8 'no column "agee"' "$top/iapps/cohort-average" --data p.csv --arg column=agee
}

@test "a cohort that is too small is never described" {
	patients 4 > p.csv
	refuses 8 "minimum" "$top/iapps/cohort-average" --data p.csv --arg column=age
}

@test "a Lua error has file and line of the author's code" {
	app broken 'local t = nil
	return t.x'
	refuses 8 "main.lua:3" broken
	app global 'return undefinedname'
	refuses 8 "main.lua:2" global
	refuses 8 "undefinedname" global
	app syntax 'local = 1'
	refuses 8 "main.lua:2" syntax || refuses 5 "main.lua:2" syntax
}

@test "memory, cpu, wall and output limits: exit 9 and which one" {
	app memory 'local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(100) .. i end' 'limits: {memory: 8MiB}'
	refuses 9 "memory" memory
	app swallow 'while true do pcall(function() local t = {} while true do t[#t + 1] = {} end end) end' 'limits: {memory: 8MiB, cpu: 5s}'
	refuses 9 "memory" swallow
	app huge 'local s = "x" while true do s = s .. s end' 'limits: {memory: 8MiB}'
	refuses 8 "larger than limits.memory" huge
	app cpu 'while true do pcall(function() while true do end end) end' 'limits: {cpu: 1s, wall: 20s}'
	refuses 9 "cpu" cpu
	app find 'return (("a"):rep(3000)):find(("a*"):rep(20) .. "b")' 'limits: {cpu: 1s, wall: 20s}'
	refuses 9 "cpu" find
	app wall 'while true do end' 'limits: {cpu: 60s, wall: 1s}'
	refuses 9 "wall" wall
	app output 'for i = 1, 100 do task.result:write("f" .. i, ("x"):rep(1 << 20)) end' 'limits: {output: 1MiB}'
	refuses 9 "output" output
}

@test "corrupt, forged and truncated archives: exit 5 with the reason" {
	app one 'task.result:write("r", "1")'
	"$enclua" app pack one -o one.iapp
	"$enclua" run-task one.iapp
	head -c 1500 one.iapp > cut.iapp
	refuses 5 "" cut.iapp
	sed 's/"1"/"2"/' one.iapp > forged.iapp
	refuses 5 "main.lua" forged.iapp
	: > empty.iapp
	refuses 5 "" empty.iapp
	head -c 4096 /dev/urandom > noise.iapp
	refuses 5 "" noise.iapp
}

@test "a manifest's mistake has file, line and column" {
	app typo 'return 1' 'inptus: {data: none}'
	refuses 5 "iapp.yaml:6:1" typo
	refuses 5 "inputs" typo
}

@test "no writable place for the result is found out before the run" {
	app one 'task.result:write("r", "1")'
	echo file > occupied
	run "$enclua" run-task one -o occupied
	[ "$status" -eq 6 ]
	[ "$(cat occupied)" = file ]
	[ "$("$enclua" --json task list | grep -o task1 | wc -l)" -eq 0 ]
}

@test "with --json the failure is one object on stderr and stdout stays empty" {
	app broken 'error("that is why")'
	run bash -c '"$0" --json run-task broken > out.txt 2> err.txt' "$enclua"
	[ "$status" -eq 8 ]
	[ ! -s out.txt ]
	[ "$(wc -l < err.txt)" -eq 1 ]
	grep -q '"ok":false,"error":{"code":"E_TASK","message":"' err.txt
	grep -q 'that is why' err.txt
	grep -q '"hint":"' err.txt
}
