#!/usr/bin/env bats
# enclua iapp debug: for each way in which a task can end or wait, its stage, its cause, what it used, its log where that is allowed, and what to try next.

load helper
load project

setup() {
	setup_project
	"$enclua" --quiet init --no-passphrase
}

teardown() { teardown_project; }

# ran STATUS OPTIONS…: run-task of the project ends so
ran() {
	local want=$1
	shift
	says "$want" "$enclua" run-task . "$@"
}

# debugged FILTER…: each of them holds of what debug says of the last run, as JSON
debugged() {
	local filter
	says 0 "$enclua" --json iapp debug last || return 1
	one_object out
	for filter in "$@"; do
		jq -e "$filter" out > /dev/null || { echo "not $filter:"; jq . out; return 1; }
	done
}

@test "a run that ended well: limits used and allowed, the log, the result's command; by id, by the beginning of one, as iapp-generator" {
	ran 0 --data mock/numbers.txt
	debugged '.status == "COMPLETED" and .stage == "complete" and .cause == "COMPLETED"' '.limits.memory.used > 1000 and .limits.memory.limit == 8388608' \
		'.limits.output == {used: (.limits.output.used), limit: 1024, passed: false}' '.limits.cpu == {used: null, limit: 1000, passed: false}' '.log == "sum is 6\n"' \
		'.error == null and .no_log == null'
	task=$(jq -r .task out)
	[ "$(jq -r .next out)" = "enclua task result $task -o DIR" ]
	says 0 "$enclua" iapp debug "${task:0:20}"
	grep -qx '  | sum is 6' out
	cd "$work"
	says 0 "$build/iapp-generator" debug "$task"
	fails 3 'not in an iApp project' "$enclua" iapp debug last
	fails 3 'task' "$enclua" iapp debug task1nothing
}

@test "an error: message, traceback of the author's files, log; the next thing is a test" {
	app 'print "before" error("boom")'
	ran 8 --data mock/numbers.txt
	debugged '.status == "FAILED" and .stage == "compute" and .cause == "APP_COMPUTE_FAILED"' '.error == "main.lua:2: boom" and .log == "before\n"' \
		'.traceback | contains("main.lua:2: in function <line 1>")' '.next | contains("enclua iapp test")'
	says 0 "$enclua" iapp debug last
	grep -qx 'error      main.lua:2: boom' out
}

@test "each limit is named as the one that was passed" {
	app 'local l = {} for i = 1, 1e9 do l[i] = ("x"):rep(1000) .. i end'
	ran 9 --data mock/numbers.txt
	debugged '.status == "LIMIT" and .cause == "APP_COMPUTE_FAILED" and .reason == "memory limit"' '[.limits[] | .passed] == [true, false, false, false]' '.next | contains("limits.memory")' \
		'.log == null and (.no_log | contains("leaves no result and no log"))'
	app 'while true do end'
	ran 9 --data mock/numbers.txt
	debugged '.reason == "cpu limit" and .limits.cpu.passed' '.next | contains("limits.cpu")'
	app 'task.result:write("x", ("y"):rep(1025))'
	ran 9 --data mock/numbers.txt
	debugged '.reason == "output limit" and .limits.output.passed and .cause == "POST_COMPUTE_RESULT_TOO_LARGE"'
	sed -i 's/cpu: 1s/cpu: 60s/; s/wall: 60s/wall: 1s/' iapp.yaml
	app 'while true do end'
	ran 9 --data mock/numbers.txt
	debugged '.reason == "wall limit" and .limits.wall.passed'
	says 0 "$enclua" iapp debug last
	grep -qx 'wall       more than all of 1000 ms: passed' out
}

@test "left to workers: it waits for one; once it has run there is nothing to wait for" {
	ran 0 --data mock/numbers.txt --no-wait
	debugged '.status == "WAITING" and .stage == "start" and .cause == "INITIALIZED"' '.why | startswith("it waits for a worker of the pool pool1")' '.log == null' '.reason == null' \
		'.next | startswith("enclua worker run, by who keeps the pool; enclua task watch task1")'
	says 0 "$enclua" worker run --once
	debugged '.status == "COMPLETED" and .log == "sum is 6\n"'
}

@test "the words of a run are for its beneficiary: others see the stage, and neither log nor error" {
	"$enclua" key new ben --no-passphrase > /dev/null
	app 'print "secret words" error("more of them")'
	ran 8 --data mock/numbers.txt
	says 0 "$enclua" --as ben --json iapp debug last
	jq -e '.stage == "compute" and .log == null and .error == null and .traceback == null and (.no_log | contains("--as NAME"))' out
	[ -z "$(grep -E 'secret words|more of them' out err)" ]
}

@test "no key: a grant that was taken back, and a secret that is not set, with whom to ask" {
	for name in ada ben; do
		"$enclua" key new $name --no-passphrase > /dev/null
	done
	"$enclua" app deploy . > /dev/null
	data=$("$enclua" --json --as ada protect mock/numbers.txt --name numbers | jq -r .data)
	grant=$("$enclua" --json --as ada grant numbers --app sum --user ben | jq -r .grant)
	says 0 "$enclua" --as ben run-task sum --data "$data" --no-wait
	"$enclua" --as ada revoke "$grant" > /dev/null 2>&1
	says 0 "$enclua" worker run --once
	debugged '.status == "FAILED" and .stage == "key release" and .cause == "DATASET_KEY_REFUSED" and .reason == "no key: release-revoked"' \
		".next == \"enclua grants $data; ask its owner for a new one\""
	sed -i 's/^  data: one/  app_secret: true/' iapp.yaml
	app 'task.result:write("x", task:app_secret())'
	ran 3
	debugged '.stage == "key release" and .cause == "APP_SECRET_MISSING"' '.next | startswith("its owner: enclua app secret set app1")'
}

@test "a run that was cut short: its data was damaged on disk, the task is open, and the money comes back by a claim" {
	"$enclua" protect mock/numbers.txt --name numbers > /dev/null
	blob=$(find "$ENCLUA_HOME/blobs" -type f -size -9 | head -1)
	chmod u+w "$blob"
	flip "$blob" 100
	ran 5 --data numbers
	debugged '.status == "INTERRUPTED" and .stage == "compute" and .cause == "RUNNING_FAILED"' '.why | startswith("the command that ran it was cut short")' '.next | startswith("enclua task claim task1")'
	fails 2 'TASK' "$enclua" iapp debug
}
