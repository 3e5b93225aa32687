#!/usr/bin/env bats
# The main job by the command a newcomer types first, and what its result is worth (core/node/work.c, work_check.c).

load helper
setup() { setup_home; }
teardown() { teardown_home; }

@test "run-task without a home packs, signs, seals, runs and delivers" {
	patients 1000 > patients.csv
	run "$enclua" run-task "$top/iapps/cohort-average" --data patients.csv --arg column=age -o out/
	[ "$status" -eq 0 ]
	want=$(awk -F, 'NR > 1 { s += $2 } END { printf "%.3f", s / (NR - 1) }' patients.csv)
	[ "$(cat out/average.txt)" = "$want" ]
	grep -q "^mode\|." out/statistics.json
	[[ "$output" == *"receipt   out/task.receipt"* ]]
}

@test "age opens the result with the requester's key and with no other" {
	patients 100 > patients.csv
	"$enclua" run-task "$top/iapps/cohort-average" --data patients.csv --arg column=age -o out/
	"$enclua" key export me --secret-age > me.key
	age -d -i me.key out/result.age > plain.tar
	[ "$(tar xOf plain.tar average.txt)" = "$(cat out/average.txt)" ]
	"$enclua" key new other --no-passphrase
	"$enclua" key export other --secret-age > other.key
	run age -d -i other.key out/result.age
	[ "$status" -ne 0 ]
	ENCLUA_AS=other run "$enclua" task result "$("$enclua" --json task list | sed -n 's/.*"task":"\(task1[0-9a-z]*\)".*/\1/p')" -o stolen
	[ "$status" -eq 4 ]
	stays_whole stolen
}

@test "--json prints one object with the fields of the contract" {
	patients 100 > patients.csv
	"$enclua" --json run-task "$top/iapps/cohort-average" --data patients.csv --arg column=age -o out > out.json 2> err.txt
	[ ! -s err.txt ]
	for field in '"ok":true' '"task":"task1' '"status":"COMPLETED"' '"digest":"' '"path":"average.txt"' '"sha256":"' \
		'"assurance":"software"' '"timing_us":{' '"cost":{' '"measurement":"'; do
		grep -qF "$field" out.json || { echo "missing $field"; cat out.json; return 1; }
	done
	[ "$(wc -l < out.json)" -eq 1 ]
}

@test "the same run gives the same digest in another home, environment, directory, and after other tasks" {
	patients 500 > patients.csv
	app random 'local t = {} for i = 1, 100 do t[i] = math.random(1 << 40) end
		local keys = {} for k in pairs({ a = 1, b = 2, [function() end] = 3, [{}] = 4 }) do keys[#keys + 1] = tostring(k) end
		task.result:write("r.txt", table.concat(t, ",") .. table.concat(keys, ",") .. math.sin(1e6) .. math.exp(0.1))'
	digest() { "$enclua" --json "$@" | sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p'; }
	one=$(digest run-task random)
	[ ${#one} -eq 64 ]
	[ "$(digest run-task random)" = "$one" ]
	"$enclua" run-task "$top/iapps/cohort-average" --data patients.csv --arg column=age
	mkdir elsewhere
	cd elsewhere
	[ "$(LC_ALL=C.UTF-8 TZ=Asia/Tokyo HOME=/nonexistent ENCLUA_HOME=$work/other FILLER=$(head -c 9000 /dev/zero | tr '\0' x) \
		digest run-task ../random)" = "$one" ]
	if [ "$(id -u)" -eq 0 ]; then
		chmod 755 "$work" && mkdir "$work/nobody" && chown nobody "$work/nobody"
		mkdir "$work/bin"
		cp "$enclua" "$build/enclave" "$work/bin"	# the tree may be in a folder that only root can enter
		# Where root lacks a layer (a chroot), an ordinary user lacks more.
		[ "$(setpriv --reuid=65534 --regid=65534 --clear-groups env ENCLUA_HOME="$work/nobody/home" \
			${ENCLUA_ALLOW_MISSING_LAYER:+ENCLUA_ALLOW_MISSING_LAYER=userns,mountns,pidns,netns,ipcns,utsns,cgroupns} "$work/bin/enclua" --json run-task ../random |
			sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p')" = "$one" ]
	fi
	[ "$(digest run-task ../random --seed other)" != "$one" ]
}

@test "the result's length tells little: 1 and 200 bytes seal to the same size" {
	app small 'task.result:write("r", ("x"):rep(tonumber(task.args.n)))' 'inputs: {args: [{name: n, type: string, required: true}]}'
	"$enclua" run-task small --arg n=1 -o a
	"$enclua" run-task small --arg n=200 -o b
	[ "$(wc -c < a/result.age)" -eq "$(wc -c < b/result.age)" ]
}

@test "what the iApp prints comes sealed to the owner, never to this terminal's worker" {
	app chatty 'print("a line", 1, nil) task:log("%d of %s", 3, "x") task.result:write("r", "1")'
	"$enclua" run-task chatty -o out > stdout.txt 2> stderr.txt
	grep -q "a line" out/log.txt
	grep -q "3 of x" out/log.txt
	task=$("$enclua" --json task list | sed -n 's/.*"task":"\(task1[0-9a-z]*\)".*/\1/p')
	"$enclua" task log "$task" | grep -q "a line"
	[ -z "$(grep -rla "3 of x" "$ENCLUA_HOME")" ]
}

@test "control characters in results and names are shown escaped" {
	app escape 'print("\27]0;pwned\7") error("bad \27[31m thing", 0)'
	run "$enclua" run-task escape
	[ "$status" -eq 8 ]
	[[ "$output" != *$'\e'* ]]
	[[ "$output" == *'\x1b[31m'* ]]
}

@test "results are replaced on a second run, and never written through a link" {
	app writer 'task.result:write("r", "new")'
	"$enclua" run-task writer -o out
	"$enclua" run-task writer -o out
	[ "$(cat out/r)" = new ]
	echo mine > out/r	# changed since: it is the user's now
	run "$enclua" run-task writer -o out
	[ "$status" -eq 6 ]
	[[ "$output" == *"out/r exists and is not what an earlier result left there"* ]]
	[ "$(cat out/r)" = mine ]
	mkdir mine
	echo precious | tee mine/r mine/.bashrc > precious
	app evil 'task.result:write(".bashrc", "evil")'
	run "$enclua" run-task evil -o mine
	[ "$status" -eq 6 ]
	[ "$(cat mine/.bashrc)" = precious ]
	[ "$(ls -A mine)" = "$(printf '.bashrc\nr')" ]
	rm out/r
	ln -s ../precious out/r
	run "$enclua" run-task writer -o out
	[ "$(cat precious)" = precious ]
	mkdir out2
	ln -s "$work" out2/dir
	app deep 'task.result:write("dir/precious", "overwritten")'
	run "$enclua" run-task deep -o out2
	[ "$status" -ne 0 ]
	[ "$(cat precious)" = precious ]
}

@test "task list, show and result find it by a unique prefix" {
	app one 'task.result:write("r", "1")'
	"$enclua" run-task one
	task=$("$enclua" --json task list | sed -n 's/.*"task":"\(task1[0-9a-z]*\)".*/\1/p')
	"$enclua" task show "${task:0:14}" | grep -q COMPLETED
	"$enclua" task result "${task:0:14}" -o res
	[ "$(cat res/r)" = 1 ]
	run "$enclua" task show task1qqqqqqqq
	[ "$status" -eq 3 ]
	run "$enclua" task show "${task%?}x"
	[ "$status" -eq 3 ] || [ "$status" -eq 5 ]
}

@test "data of somebody else is not run on: default deny" {
	"$enclua" init --no-passphrase
	"$enclua" key new owner --no-passphrase
	"$enclua" --as owner protect --name secret --set t=hidden
	run "$enclua" run-task "$top/iapps/hello-world" --data secret -o out
	[ "$status" -eq 4 ]
	stays_whole out
	"$enclua" --as owner run-task "$top/iapps/hello-world" --data secret -o out
	grep -q hidden out/hello.txt
}

@test "a changed blob is refused before anything is decrypted" {
	"$enclua" init --no-passphrase
	"$enclua" protect --name note --set t=hidden
	blob=$ENCLUA_HOME/blobs/$("$enclua" --json data show note | jq -r .blob)
	chmod u+w "$blob"
	flip "$blob" 40
	run "$enclua" run-task "$top/iapps/hello-world" --data note -o out
	[ "$status" -eq 5 ]
	[[ "$output" == *"not the ones that were registered"* ]]
	stays_whole out
}

@test "--dry-run checks everything and runs nothing" {
	app one 'task.result:write("r", "1")'
	run "$enclua" run-task one --dry-run
	[ "$status" -eq 0 ]
	[ "$("$enclua" --json task list | grep -o task1 | wc -l)" -eq 0 ]
}

@test "the result may be sealed to somebody else, who alone can open it" {
	"$enclua" init --no-passphrase
	age-keygen -o friend.key 2> /dev/null
	app one 'task.result:write("r", "for you")'
	"$enclua" run-task one --beneficiary "$(age-keygen -y friend.key)" -o out
	[ "$(age -d -i friend.key out/result.age | tar xO r)" = "for you" ]
	[ ! -e out/r ]
}

@test "kill -9 of run-task leaves no process, and a home that works" {
	app slow 'local n = 0 while true do n = n + 1 end' 'limits: {cpu: 60s, wall: 60s}'
	"$enclua" run-task slow -o out > /dev/null 2>&1 3>&- &
	pid=$!
	for _ in $(seq 100); do
		[ -n "$(pgrep -P $pid || true)" ] && break
		sleep 0.05
	done
	sleep 0.3
	children=$(pgrep -P $pid || true)
	[ -n "$children" ]
	kill -9 $pid
	wait $pid || true
	for _ in $(seq 40); do
		alive=0
		for c in $children; do kill -0 "$c" 2> /dev/null && alive=1; done
		[ $alive -eq 0 ] && break
		sleep 0.05
	done
	[ $alive -eq 0 ]
	app one 'task.result:write("r", "1")'
	"$enclua" run-task one -o fine
	[ "$(cat fine/r)" = 1 ]
}

@test "a name of the home comes before a file of that name; a slash means the file" {
	"$enclua" init --no-passphrase
	"$enclua" protect --name note --set t=protected
	mkdir note
	echo '{"t":"plain"}' > note/x.json
	app peek 'for _, leaf in ipairs(task.data:list()) do task.result:write(leaf.path, "1") end' 'inputs: {data: one}'
	run "$enclua" run-task peek --data note -o a
	[ "$status" -eq 0 ]
	[[ "$output" == *"./note"* ]]
	[ -e a/t ]
	[ ! -e a/x.json ]
	"$enclua" run-task peek --data ./note -o b
	[ -e b/x.json ]
	[ ! -e b/t ]
}
