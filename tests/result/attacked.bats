#!/usr/bin/env bats
# Attacks on the command's own side: places that take no result, pipes and devices where files belong, a full disk, a kill at any moment, two at once.

load helper
setup() { setup_home; app one 'task.result:write("r", "1")'; }
teardown() { teardown_home; }

tasks() { "$enclua" --json task list | jq '.tasks | length'; }

@test "a place that cannot take the result is found out before the run" {
	"$enclua" init --no-passphrase
	ln -s /nowhere dangling
	for place in "" dangling dangling/x one/main.lua one/main.lua/x "$(head -c 300 /dev/zero | tr '\0' x)" "$(head -c 5000 /dev/zero | tr '\0' x)"; do
		run "$enclua" run-task one -o "$place"
		[ "$status" -ne 0 ] || { echo "took: $place"; return 1; }
	done
	[ "$(tasks)" -eq 0 ]
	"$enclua" run-task one -o deep/er/still/
	[ "$(cat deep/er/still/r)" = 1 ]
}

@test "pipes, devices and folders are no input files, and nobody waits for a pipe" {
	app reader 'for name, s in pairs(task.files) do task.result:write(name, s:read("a")) end' 'inputs: {files: true}'
	mkfifo pipe
	for file in pipe /dev/zero one; do
		run timeout 10 "$enclua" run-task reader --file "$file"
		[ "$status" -eq 5 ]
		[[ "$output" == *"not a plain file"* ]]
	done
}

@test "a home that others may write into is not used, nor are keys that they may exchange" {
	"$enclua" init --no-passphrase
	for folder in "$ENCLUA_HOME" "$ENCLUA_HOME/keys"; do
		for mode in 770 707 1777; do
			chmod "$mode" "$folder"
			run "$enclua" run-task one -o out
			[ "$status" -eq 4 ]
			[[ "$output" == *"others may change"* ]]
			stays_whole out
		done
		chmod 700 "$folder"
	done
	"$enclua" run-task one -o out
}

@test "first commands at once make one home, and all of them run" {
	for i in 1 2 3 4; do
		"$enclua" run-task one -o "out$i" > "said$i" 2>&1 3>&- &
		pids="${pids:-} $!"
	done
	for pid in $pids; do
		wait "$pid" || { cat said?; return 1; }
	done
	[ "$(cat out?/r)" = 1111 ]
	[ "$(tasks)" -eq 4 ]
}

@test "a file that may not grow: an error that says so, nothing half-written, and the next run is fine" {
	app large 'task.result:write("a/b", ("x"):rep(3000000)) task.result:write("c", "x")' 'limits: {output: 10MiB}'
	"$enclua" init --no-passphrase
	head -c 3000000 /dev/zero > data.bin
	(ulimit -f 1000; "$enclua" run-task large -o out > said 2>&1 || echo "exit $?" >> said)
	grep -q 'exit [1-9]$' said
	grep -q 'File too large' said
	[ "$("$enclua" --json task list | jq -r '.tasks[0].status')" = INTERRUPTED ]
	run bash -c 'ulimit -f 1000; exec "$0" protect data.bin --name d' "$enclua"
	[ "$status" -gt 0 ]
	[ "$status" -lt 128 ]
	stays_whole out
	[ -z "$(find "$ENCLUA_HOME/blobs/tmp" -type f)" ]
	"$enclua" run-task large -o out
	[ "$(wc -c < out/a/b)" -eq 3000000 ]
}

@test "a result that does not fit its folder is kept, and the error says where" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount a small file system"
	mkdir small
	unshare -m true 2> /dev/null || skip "no mount namespaces here"
	app large 'task.result:write("a/b", ("x"):rep(3000000)) task.result:write("c", "x")' 'limits: {output: 10MiB}'
	"$enclua" init --no-passphrase
	unshare -m sh -c 'mount -t tmpfs -o size=1m none small || exit 77
		"$0" run-task large -o small/out > said 2>&1
		echo "exit $?" >> said
		ls -A small >> said' "$enclua" || skip "no small file system here"
	grep -q 'exit 9' said
	grep -q 'enclua task result task1' said
	[ "$(tail -n 1 said)" = "exit 9" ]
	"$enclua" task result "$(grep -o 'task1[a-z0-9]*' said | head -n 1)" -o out
	[ "$(wc -c < out/a/b)" -eq 3000000 ]
}

@test "what a killed command left in the folder of results goes; what is in use stays" {
	mkdir -p out/.enclua-00000000000000aa/deep out/.enclua-00000000000000bb out/.enclua-short
	echo x > out/.enclua-00000000000000aa/deep/file
	echo x > out/.enclua-00000000000000cc
	touch -d '1 hour ago' out/.enclua-*
	(exec 9< out/.enclua-00000000000000bb && flock 9 && touch locked && exec sleep 30) 3>&- &
	holder=$!
	while [ ! -e locked ]; do sleep 0.05; done
	"$enclua" run-task one -o out
	kill $holder
	[ "$(ls -A out | tr '\n' ' ')" = ".enclua-00000000000000bb .enclua-00000000000000cc .enclua-short r result.age result.json task.receipt " ]
}

@test "killed at any moment: the home works, nothing confirmed is lost, no temporary file stays" {
	"$enclua" init --no-passphrase
	mkdir tree
	head -c 500000 /dev/zero > tree/f
	app slow 'local n = 0 for i = 1, 1e6 do n = n + i end task.result:write("r", ("x"):rep(500000))' 'inputs: {data: one}'
	: > done.txt
	for i in $(seq 30); do
		"$enclua" --json run-task slow --data tree > said 2> /dev/null 3>&- &
		pid=$!
		sleep "0.$(printf %02d $((i * 7 % 25)))"
		kill -9 $pid 2> /dev/null || true
		wait $pid 2> /dev/null || true
		jq -r .task said >> done.txt
	done
	"$enclua" run-task one > /dev/null	# sweeps
	"$enclua" --json task list > list.json
	while read -r task; do
		[ "$(jq -r --arg t "$task" '.tasks[] | select(.task == $t).status' list.json)" = COMPLETED ]
		"$enclua" task result "$task" -o "check-$task" > /dev/null
		[ "$(wc -c < "check-$task/r")" -eq 500000 ]
	done < done.txt
	[ "$(jq -r '[.tasks[].status] | unique - ["COMPLETED", "INTERRUPTED"] | length' list.json)" -eq 0 ]
	[ -z "$(find "$ENCLUA_HOME/blobs/tmp" -type f)" ]
	# every blob that stays for a day is of a run that was cut short
	[ "$(find "$ENCLUA_HOME/blobs" -maxdepth 1 -type f | wc -l)" -le $((2 + 30 + $(wc -l < done.txt))) ]
}

@test "an identity under a passphrase, all the way" {
	echo 'correct horse' > right
	echo 'battery staple' > wrong
	"$enclua" init --passphrase-file right
	app reader 'task.result:write("r", task.data:get("word"))' 'inputs: {data: one}'
	run "$enclua" run-task one
	[ "$status" -eq 2 ]	# nobody to ask
	run "$enclua" --passphrase-file wrong run-task ./one
	[ "$status" -eq 4 ]
	[ "$(tasks)" -eq 0 ]
	"$enclua" --passphrase-file right protect --name note --set word=hidden
	"$enclua" --passphrase-file right run-task reader --data note -o out
	[ "$(cat out/r)" = hidden ]
	task=$("$enclua" --json task list | jq -r '.tasks[0].task')
	run "$enclua" --passphrase-file wrong task result "$task" -o stolen
	[ "$status" -eq 4 ]
	stays_whole stolen
	"$enclua" --passphrase-file right task result "$task" -o again
	[ "$(cat again/r)" = hidden ]
	[ "$("$enclua" --passphrase-file right data get note word)" = hidden ]
	run "$enclua" --passphrase-file wrong data get note word
	[ "$status" -eq 4 ]
	[ -z "$(grep -rla 'hidden\|correct horse' "$ENCLUA_HOME")" ]
}

@test "no name of the core is also one of a library that is linked with it" {
	nm -g --defined-only "$build/core.a" | awk 'NF == 3 { print $3 }' | sort -u > ours
	grep -qx err_set ours
	ldd "$build/enclua" | awk '$3 ~ "^/" { print $3 }' | grep -v 'asan\|ubsan' > libraries
	grep -q sodium libraries
	grep -q yaml libraries
	while read -r library; do
		nm -D --defined-only "$library" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u | comm -12 - ours | sed "s|^|$library has |"
	done < libraries > both
	[ ! -s both ] || { cat both; return 1; }
}
