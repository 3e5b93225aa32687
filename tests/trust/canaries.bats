#!/usr/bin/env bats
# What was given in confidence is nowhere but where it belongs. Canaries are planted in arguments, input files, secrets, data and passphrase; tasks complete, fail, pass
# a limit and are refused, here and at a worker; then the home, the book, the words of every command, the list of processes, core files and shared folders
# are searched for them: as they are, in hexadecimal, in base64, and by their SHA-256.

load ../common

setup() {
	work=$(mktemp -d)
	export HOME=$work ENCLUA_HOME=$work/home
	unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE XDG_DATA_HOME
	mkdir "$work/said" "$work/place"
	cd "$work/place" || return 1
	patterns=$work/patterns
	: > "$patterns"
	find /tmp /dev/shm -maxdepth 1 ! -path "$work" 2> /dev/null | sort > "$work/before"
}

teardown() {
	local pid
	for pid in $(jobs -p); do kill -9 "$pid" 2> /dev/null || :; done
	wait
	work_remove
}

# plant KIND: a new word in $canary, and all the spellings in which it would be found. (By builtins and pipes: it must not be in a list of processes because of us.)
plant() {
	local n shift=("" a ab)
	canary=canary$1$RANDOM$RANDOM$RANDOM
	{
		printf '%s\n' "$canary"
		printf %s "$canary" | od -An -v -tx1 | tr -d ' \n'
		echo
		printf %s "$canary" | sha256sum | cut -c 1-64
		for n in 0 1 2; do	# whatever stands before it; what depends on its neighbours is cut off at both ends
			printf %s%s "${shift[n]}" "$canary" | base64 -w 0 | cut -c "$((n ? 5 : 1))-$(((n + ${#canary}) / 3 * 4))"
		done
	} >> "$patterns"
}

# enclua WORDS…: the command with everything it can tell; what it says is kept in said/ and searched. Its exit status.
enclua() {
	local got=0 n
	n=$(find "$work/said" -type f | wc -l)
	"$enclua" --verbose --passphrase-file "$work/pass" "$@" > "$work/said/$n.out" 2> "$work/said/$n.err" < /dev/null || got=$?
	last=$work/said/$n
	return $got
}

# exits STATUS WORDS…
exits() {
	local want=$1 got=0
	shift
	enclua "$@" || got=$?
	[ "$got" -eq "$want" ] || { echo "exit $got, not $want"; cat "$last.out" "$last.err"; return 1; }
}

# clean WHERE…: no canary in these files and folders
clean() {
	local found
	found=$(grep -arlFf "$patterns" "$@" || :)
	[ -z "$found" ] || { echo "found in: $found"; grep -arohFf "$patterns" $found | sort | uniq -c; return 1; }
}

# nowhere: the home with all that is in it, the book entry by entry and as it is exported, receipts, all that was said
nowhere() {
	local n i
	"$enclua" --json book log --limit 100000 > "$work/book.json" 2> /dev/null
	n=$(jq '.entries | length' "$work/book.json")
	[ "$n" -gt 10 ]
	for ((i = 0; i < n; i++)); do "$enclua" book show $i; done > "$work/book.txt"
	rm -rf "$work/export"
	"$enclua" book export "$work/export" > /dev/null
	[ "$(find "$ENCLUA_HOME" -type f | wc -l)" -gt 10 ]
	clean "$ENCLUA_HOME" "$work/book.json" "$work/book.txt" "$work/export" "$work/said"
	find /tmp /dev/shm -maxdepth 1 ! -path "$work" -newer "$work/before" 2> /dev/null | sort | comm -13 "$work/before" - > "$work/new"
	while read -r i; do clean "$i"; done < "$work/new"
}

# listed: the arguments and the environment of every process of this moment
listed() { cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2> /dev/null | tr '\0' '\n' > "$work/listed"; }

# iapp NAME 'LUA AT THE END' [LIMITS]: it takes a canary of every kind, prints them all and returns them all
iapp() {
	mkdir "$1"
	cat > "$1/iapp.yaml" <<-END
		api: 1
		name: $1
		version: 1.0.0
		summary: made by a test
		entry: main.lua
		inputs: {data: one, args: [{name: word, type: string, required: true}, {name: number, type: integer, default: 1}], files: true, secrets: [token, file]}
		limits: {memory: 64MiB, cpu: 20s, wall: ${3:-20s}}
	END
	cat > "$1/main.lua" <<-END
		return function(task)
		    local all = { task.args.word, task:secret(1), task:secret(2) }
		    for name, s in pairs(task.files) do
		        all[#all + 1] = name
		        all[#all + 1] = s:read("a")
		    end
		    for _, leaf in ipairs(task.data:list()) do
		        all[#all + 1] = leaf.path
		    end
		    local text = table.concat(all, "\n")
		    print(text)
		    task.result:write("all.txt", text)
		    $2
		end
	END
}

# given [--no-passphrase]: a home, and what is given to it in confidence. $confidence are the words of run-task that do so.
given() {
	local word name token
	plant pass && printf '%s\n' "$canary" > "$work/pass"
	enclua init "$@"
	plant word && word=$canary
	plant name && name=$canary.txt
	plant content && printf '%s\n' "$canary" > "$name"
	plant token && token=$canary
	plant secret && printf %s "$canary" > secret
	plant key && key=$canary
	plant value
	enclua protect --set "$key=$canary" --name hidden --hide-schema
	mkdir folder
	plant leaf && plant_leaf=$canary
	plant bytes && printf '%s\n' "$canary" > "folder/$plant_leaf.txt"
	enclua protect folder --name folder --hide-schema
	confidence=(--arg "word=$word" --file "$PWD/$name" --secret "1=$token" --secret 2=@secret --data hidden)
	wanted=("$word" "$name" "$token" "$key")
}

# soon_gone PID: nobody keeps running what its command has left
soon_gone() {
	local i
	for ((i = 0; i < 200; i++)); do
		kill -0 "$1" 2> /dev/null || return 0
		sleep 0.05
	done
	return 1
}

# task_id: of the task that run-task told of
task_id() { grep -oh 'task1[0-9a-z]*' "$last.out" "$last.err" | head -1; }

@test "completed: the result has all of them, and nothing else has any" {
	given
	iapp honest ''
	exits 0 run-task honest "${confidence[@]}" -o "$work/out"
	for word in "${wanted[@]}"; do grep -qF -- "$word" "$work/out/all.txt"; done
	digest=$(grep -o 'digest  *[0-9a-f]\{64\}' "$last.out" | grep -o '[0-9a-f]\{64\}')
	exits 0 run-task honest "${confidence[@]/hidden/folder}"
	task=$(task_id)
	exits 0 task show "$task"
	exits 0 task list
	exits 0 task receipt "$task"
	exits 0 data list
	exits 0 data show hidden
	nowhere
	clean "$work/out/task.receipt" "$work/out/result.age"
	# The digest of the result is its owner's to know: who guesses a small result could confirm the guess. In the book it is salted.
	[ ${#digest} -eq 64 ]
	[ -z "$(grep -lF "$digest" "$work/book.json" "$work/book.txt" "$work/out/task.receipt")" ]
	[ -z "$(grep -rlF "$digest" "$work/export")" ]
	# And this search does find: each canary, where its owner wants it.
	run clean "$work/out/all.txt"
	[ "$status" -ne 0 ]
	[ "$(grep -coFf "$patterns" "$work/out/all.txt")" -ge 6 ]
}

@test "failed, over a limit, ended by the machine, refused: nothing has any" {
	given
	iapp fails 'error("withheld")'
	iapp endless 'while true do end' 1s
	iapp dry ''
	exits 8 run-task fails "${confidence[@]}" -o "$work/out"
	[ ! -e "$work/out" ]
	exits 9 run-task endless "${confidence[@]}"
	exits 0 run-task dry "${confidence[@]}" --dry-run
	exits 2 run-task dry "${confidence[@]}" --arg numbr=1
	exits 2 run-task dry "${confidence[@]}" --secrt "1=${wanted[0]}"
	exits 2 run-task dry "${confidence[@]}" "--secrt=1=${wanted[0]}"
	exits 2 run-task dry "${confidence[@]}" --category XXL
	exits 4 run-task dry "${confidence[@]}" --min-assurance tpm2
	enclua key new stranger
	exits 4 --as stranger run-task dry "${confidence[@]}"
	enclua --as stranger app deploy dry --price 5RLC
	exits 7 run-task "$(grep -o 'app1[0-9a-z]*' "$last.out" | head -1)" "${confidence[@]}"
	nowhere
}

@test "at a worker: the parcel, the worker's words and the book have none" {
	given
	iapp honest ''
	iapp fails 'error(task.args.word)'	# its words are for the beneficiary; the worker must not hear them
	exits 0 run-task honest "${confidence[@]}" --no-wait
	task=$(task_id)
	exits 0 run-task fails "${confidence[@]/hidden/folder}" --no-wait
	failed=$(task_id)
	exits 0 worker run --once
	exits 0 worker run --once
	exits 0 worker status
	exits 0 task watch "$task" --timeout 10s
	exits 0 task watch "$failed" --timeout 10s
	nowhere
	exits 0 task result "$task" -o "$work/out"
	grep -qF -- "${wanted[0]}" "$work/out/all.txt"
	"$enclua" --passphrase-file "$work/pass" task log "$failed" > "$work/log"
	grep -qF -- "${wanted[0]}" "$work/log"
}

@test "what the keeper keeps: nobody has the iApp's own secret, nor the requester's, in any version" {
	given --no-passphrase
	mkdir keeps
	printf 'api: 1\nname: keeps\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\ninputs: {secrets: [token], app_secret: true, args: [{name: how, type: string}]}\nlimits: {memory: 64MiB, cpu: 20s, wall: 20s}\n' > keeps/iapp.yaml
	cat > keeps/main.lua <<-'END'
		return function(task)
		    local all = task:secret(1) .. "\n" .. task:app_secret() .. "\n"
		    print(all)
		    task.result:write("all.txt", all)
		    if task.args.how == "fail" then error("withheld") end
		    while task.args.how == "stay" do end
		end
	END
	exits 0 app deploy keeps
	for version in old new; do
		plant "own$version" && own=$canary && printf %s "$canary" > own
		plant "kept$version" && kept=$canary && printf %s "$canary" > kept
		exits 0 app secret set keeps own
		exits 0 secret set token kept
	done
	rm own kept
	exits 0 secret list
	exits 0 run-task keeps --secret-name 1=token -o "$work/out"
	grep -qxF "$own" "$work/out/all.txt"
	grep -qxF "$kept" "$work/out/all.txt"
	exits 8 run-task keeps --secret-name 1=token --arg how=fail
	exits 0 run-task keeps --secret-name 1=token --no-wait
	task=$(task_id)
	exits 0 worker run --once
	exits 0 task result "$task" -o "$work/later"
	grep -qxF "$kept" "$work/later/all.txt"
	exits 0 task receipt "$task"
	# While it has them, and a keeper is there: neither words nor surroundings of any process, nor its keeper's folder.
	"$enclua" --passphrase-file "$work/pass" run-task keeps --secret-name 1=token --arg how=stay > /dev/null 2>&1 3>&- &
	pid=$!
	boxes=
	for ((i = 0; i < 600; i++)); do
		zygote=$(pgrep -P $pid enclave || :)
		[ -n "$zygote" ] && boxes=$(pgrep -P "$zygote" || :)
		[ "$(wc -w <<< "$boxes")" -ge 2 ] && break
		sleep 0.05
	done
	[ -n "$boxes" ]
	for i in 1 2 3 4 5; do
		listed
		grep -qxF keeps "$work/listed"
		clean "$work/listed"
		clean "$ENCLUA_HOME"
		sleep 0.1
	done
	kill -9 $pid
	wait $pid || :
	soon_gone "$zygote"
	nowhere
	clean "$work/out/task.receipt" "$work/out/result.age" "$work/later/task.receipt"
	run clean "$work/out/all.txt"
	[ "$status" -ne 0 ]
}

@test "the list of processes: no secret, no argument once it is read, and of @FILE never anything" {
	given --no-passphrase
	iapp slow 'while true do end'
	"$enclua" --passphrase-file "$work/pass" run-task slow "${confidence[@]}" > /dev/null 2>&1 3>&- &
	pid=$!
	for ((i = 0; i < 600; i++)); do
		zygote=$(pgrep -P $pid || :)
		[ -n "$zygote" ] && break
		sleep 0.05
	done
	[ -n "$zygote" ]
	for i in 1 2 3 4 5; do
		listed
		grep -qxF slow "$work/listed"	# the command is in it
		clean "$work/listed"
		sleep 0.1
	done
	kill -9 $pid
	wait $pid || :
	# From before its first moment to after its last.
	iapp quick ''
	sed -i 's/secrets: .*\]/secrets: [file]/; s/{name: word, type: string, required: true}/{name: word, type: string}/' quick/iapp.yaml
	sed -i 's/task.args.word, task:secret(1), task:secret(2)/task:secret(1)/' quick/main.lua
	"$enclua" --passphrase-file "$work/pass" run-task quick --secret 1=@secret --data hidden -o "$work/out" > /dev/null 2>&1 3>&- &
	pid=$!
	looks=0
	while kill -0 $pid 2> /dev/null; do
		listed
		clean "$work/listed"
		looks=$((looks + 1))
	done
	wait $pid
	[ "$looks" -gt 0 ]
	grep -qFf secret "$work/out/all.txt"
	"$enclua" run-task --help | grep -q '@FILE'
	fails 2 "N=@FILE" "$enclua" run-task quick --secret x=1
	grep -q 'try: --secret 1=@' err
}

@test "no core file: not of the command, nor of the keeper, the zygote, a box" {
	given --no-passphrase
	iapp slow 'while true do end' 60s
	ulimit -c unlimited 2> /dev/null || ulimit -c hard
	sleep 60 3>&- &
	kill -SEGV $!
	wait $! || :
	cores=$(find "$work/place" -maxdepth 1 -name 'core*' | wc -l)	# 0 where the system sends them elsewhere
	rm -f core*
	for victim in "command SEGV" "command ABRT" "keeper SEGV" "zygote SEGV" "box SEGV"; do
		"$enclua" --passphrase-file "$work/pass" run-task slow "${confidence[@]}" > /dev/null 2>&1 3>&- &
		pid=$!
		boxes=
		for ((i = 0; i < 600; i++)); do
			zygote=$(pgrep -P $pid enclave || :)	# beside it there is the keeper
			[ -n "$zygote" ] && boxes=$(pgrep -P "$zygote" || :)
			[ "$(wc -w <<< "$boxes")" -ge 2 ] && break	# the task's, and the spare one
			sleep 0.05
		done
		[ -n "$boxes" ]
		keeper=$(pgrep -P $pid | grep -vx "$zygote" || :)
		for one in $pid $keeper $zygote $boxes; do
			grep -q '^Max core file size  *0  *0 ' "/proc/$one/limits"
		done
		case $victim in
		command*) kill -"${victim#* }" $pid ;;
		keeper*)
			[ -n "$keeper" ]
			kill -SEGV $keeper
			sleep 0.2
			kill -KILL $pid
			;;
		zygote*)	# the first process of its namespace: the system keeps such signals from it
			kill -SEGV "$zygote"
			kill -ABRT "$zygote"
			sleep 0.2
			kill -KILL "$zygote"
			;;
		box*) kill -SEGV $boxes ;;
		esac
		wait $pid || :
		soon_gone "$zygote"
		[ -z "$(find "$work" / -maxdepth 1 -name 'core*' -newer "$work/before")" ]
		[ -z "$(find "$work/place" "$ENCLUA_HOME" -name 'core*')" ]
	done
	if [ "$cores" -eq 0 ]; then skip "the system takes core files away; that nobody may make one was seen all the same"; fi
}
