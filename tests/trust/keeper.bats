#!/usr/bin/env bats
# The keeper's process from outside: one for a home, for its own user only, believed and killed at any moment. What it cannot do once it has locked itself down is tried in
# tests/unit/test_keeper_lock.c; what it refuses to release in tests/unit/test_keeper_serve.c.

load ../deal/offers

setup() {
	setup_place
	export ENCLUA_HOME=$work/home
	"$enclua" init --no-passphrase > /dev/null
	printf 'one two two\n' > text.txt
	"$enclua" protect text.txt --name words > /dev/null
}

teardown() {
	local pid
	for pid in $(jobs -p); do kill -9 "$pid" 2> /dev/null || :; done
	wait
	teardown_place
}

# keepers: process ids of those that serve this home
keepers() {
	local at
	for at in /proc/[0-9]*/cmdline; do
		{ tr '\0' '\n' < "$at"; } 2> /dev/null | { mapfile -t words; [ "${words[0]##*/}" = keeper ] && [ "${words[1]}" = "$ENCLUA_HOME" ]; } && at=${at#/proc/} && echo "${at%%/*}"
	done
	return 0
}

# of a keeper's family the one that serves: the others are its boxes' parents
served() { keepers | head -1; }

# slow: an iApp that runs until it is stopped, so that there is a keeper meanwhile
slow() {
	mkdir slow
	printf 'api: 1\nname: slow\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\ninputs: {data: one}\nlimits: {memory: 64MiB, cpu: 60s, wall: 60s}\n' > slow/iapp.yaml
	printf 'return function(task) while true do end end\n' > slow/main.lua
	"$enclua" run-task slow --data words > slow.out 2> slow.err 3>&- &
	asker=$!
	local i
	for ((i = 0; i < 400; i++)); do
		[ -S "$ENCLUA_HOME/keeper/socket" ] && [ -n "$(served)" ] && [ "$("$enclua" --json task list | jq '.tasks | length')" -gt 0 ] && return 0
		sleep 0.05
	done
	return 1
}

# gone: the last keeper has ended, which it does when nobody asks it any more
gone() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ -n "$(keepers)" ] || return 0
		sleep 0.05
	done
	return 1
}

runs() { says 0 "$enclua" --json run-task "$app_dir" --data words; }

@test "one keeper for a home: a second is told so, and those who come later ask the first" {
	slow
	first=$(keepers | sort)
	[ "$(wc -w <<< "$first")" -ge 1 ]
	runs
	runs
	[ "$(keepers | sort)" = "$first" ]
	# Started by hand, it ends and says why to whoever holds the other end.
	run python3 - "$build/keeper" "$ENCLUA_HOME" "$build/enclave" <<- 'END'
		import os, socket, subprocess, sys
		ours, theirs = socket.socketpair()
		child = subprocess.Popen(sys.argv[1:4] + ["0"], pass_fds=[3] if theirs.fileno() == 3 else [], preexec_fn=lambda: os.dup2(theirs.fileno(), 3), close_fds=False)
		theirs.close()
		said = ours.recv(8192)
		print(child.wait(), b"another keeper serves this home" in said)
	END
	[ "$output" = "1 True" ] || { echo "$output"; false; }
	[ "$(keepers | sort)" = "$first" ]
}

@test "its memory is its own, it leaves no core, it can gain nothing, and it has no network" {
	slow
	for pid in $(keepers); do
		grep -q '^NoNewPrivs:	1$' "/proc/$pid/status"
		grep -q '^Max core file size  *0  *0 ' "/proc/$pid/limits"
	done
	pid=$(for one in $(keepers); do grep -q '^Seccomp:	2$' "/proc/$one/status" && echo "$one"; done | head -1)
	[ -n "$pid" ]
	# Nobody but root owns what stands in /proc about a process that is not dumpable.
	if [ "$(id -u)" -ne 0 ]; then
		run cat "/proc/$pid/environ"
		[ "$status" -ne 0 ]
	fi
	[ "$(stat -c %u "/proc/$pid/mem")" = 0 ]
	[ -z "$(tr '\0' '\n' < "/proc/$pid/environ" 2> /dev/null)" ]	# it was given no environment
}

@test "killed at any moment, twenty times: each run ends or says to try again, nothing that was confirmed is lost, and the next run works" {
	for i in $(seq 20); do
		"$enclua" --json run-task "$app_dir" --data words > "killed.$i" 2> "killed.err.$i" 3>&- &
		asker=$!
		sleep "0.0$((i * 7 % 10))$((RANDOM % 10))"
		for pid in $(keepers); do kill -9 "$pid" 2> /dev/null || :; done
		got=0
		wait $asker || got=$?
		if [ $got -eq 0 ]; then
			jq -e '.status == "COMPLETED"' "killed.$i" > /dev/null
		else
			grep -q 'try again\|is open, and the money with it\|"hint":"[^"]' "killed.err.$i" || { cat "killed.err.$i"; return 1; }
		fi
	done
	cat killed.[0-9]* | jq -r 'select(.ok and .task) | .task' > confirmed
	while read -r task; do
		says 0 "$enclua" --json task show "$task"
		jq -e '.status == "COMPLETED"' out
		says 0 "$enclua" task receipt "$task" -o receipt
		says 0 "$enclua" verify receipt
	done < confirmed
	runs
	says 0 "$enclua" book verify
}

@test "what asks policies for it is ended while a slow run keeps it here: it makes room for another keeper, and no command notices" {
	mkdir rules
	printf 'api: 1\nname: rules\nversion: 1.0.0\nsummary: made by a test\nentry: policy.lua\n' > rules/policy.yaml
	printf 'local policy = require "policy"\nreturn policy { api = 1, id = "rules", policy.permit { id = "all" } }\n' > rules/policy.lua
	"$enclua" key new ben --no-passphrase > /dev/null
	says 0 "$enclua" --json app deploy "$app_dir"
	says 0 "$enclua" --json grant words --app word-count --user ben --policy ./rules
	data=$("$enclua" --json data show words | jq -r .data)
	slow
	before=$(served)
	pkill -9 -P "$before"
	for round in 1 2; do
		says 0 "$enclua" --as ben --json run-task word-count --data "$data"
		jq -e '.status == "COMPLETED"' out
	done
	[ "$(served)" != "$before" ]
	kill -9 "$asker"
	says 0 "$enclua" --json book verify
}

@test "another user does not come in" {
	[ "$(id -u)" -eq 0 ] || skip "only root can be somebody else"
	slow
	[ "$(stat -c %a "$ENCLUA_HOME/keeper")" = 700 ]
	ask='import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
s.settimeout(3)
try:
    s.connect(sys.argv[1])
    print("heard", len(s.recv(1)))
except OSError as e:
    print(type(e).__name__)'
	[ "${#ENCLUA_HOME}" -lt 80 ]
	run python3 -c "$ask" "$ENCLUA_HOME/keeper/socket"
	[ "$output" = PermissionError ] || { echo "$output"; false; }
	# Nor when the folders were left open by mistake: the keeper looks at who it is, and closes.
	chmod 711 "$work" "$ENCLUA_HOME" "$ENCLUA_HOME/keeper"
	chmod 777 "$ENCLUA_HOME/keeper/socket"
	run python3 -c "$ask" "$ENCLUA_HOME/keeper/socket"
	[ "$output" = "heard 0" ] || { echo "$output"; false; }
	run python3 -c "${ask/os.setgroups*65534)/pass}" "$ENCLUA_HOME/keeper/socket"	# it would be served: it hears nothing only since it asks nothing
	[ "$output" = TimeoutError ] || [ "$output" = timeout ] || { echo "$output"; false; }
	chmod 700 "$ENCLUA_HOME/keeper"
}

@test "a folder of the keeper's that others may change is refused, and so is one of somebody else's" {
	runs
	for mode in 770 707 777; do
		chmod $mode "$ENCLUA_HOME/keeper"
		fails 4 "others may change what is in $ENCLUA_HOME/keeper (mode 0$mode)" "$enclua" run-task "$app_dir" --data words
		grep -qF "chmod 700 $ENCLUA_HOME/keeper" err
	done
	chmod 700 "$ENCLUA_HOME/keeper"
	runs
	gone
	rm -rf "$ENCLUA_HOME/keeper"
	: > "$ENCLUA_HOME/keeper"
	fails 6 "is not a directory" "$enclua" run-task "$app_dir" --data words
	rm "$ENCLUA_HOME/keeper"
	runs
	[ "$(id -u)" -eq 0 ] || return 0
	somebody="setpriv --reuid=65534 --regid=65534 --clear-groups"
	$somebody test -x "$enclua" || return 0	# the tree is where nobody else comes
	cp -r "$app_dir" app
	chown -R 65534:65534 "$work"
	chown 65533 "$ENCLUA_HOME/keeper"
	fails 4 "$ENCLUA_HOME/keeper belongs to another user" $somebody "$enclua" run-task app --data words
	chown 65534 "$ENCLUA_HOME/keeper"
	says 0 $somebody "$enclua" run-task app --data words
}

@test "its replica lost or damaged: it follows the book again" {
	runs
	gone
	ls -A "$ENCLUA_HOME/keeper" > files
	rm -rf "$ENCLUA_HOME/keeper/"*.db*
	runs
	gone
	for file in "$ENCLUA_HOME/keeper/"*.db; do
		head -c 5000 /dev/urandom | dd of="$file" bs=1 seek=100 conv=notrunc status=none
		rm -f "$file-wal" "$file-shm"
	done
	runs
	gone
	for file in "$ENCLUA_HOME/keeper/"*.db; do : > "$file"; rm -f "$file-wal" "$file-shm"; done
	runs
	gone
	rm -rf "$ENCLUA_HOME/keeper"
	runs
	gone
	says 0 "$enclua" book verify
}

@test "a book that was led back to yesterday gets no key, and is told why" {
	runs
	gone
	cp -r "$ENCLUA_HOME" yesterday
	runs
	gone
	# All of the home is of yesterday, its published checkpoint too, so that its own looks see nothing. The keeper's folder alone remembers.
	rm -rf yesterday/keeper
	cp -r "$ENCLUA_HOME/keeper" yesterday
	rm -rf "$ENCLUA_HOME"
	mv yesterday "$ENCLUA_HOME"
	says 0 "$enclua" book verify
	got=0
	"$enclua" run-task "$app_dir" --data words > out 2> err < /dev/null || got=$?
	[ $got -ne 0 ] || { cat out; false; }
	grep -qE 'rollback|fork' err || { cat err; false; }
}

@test "a keeper holds nothing of whoever started it: who reads what a command prints does not wait for it" {
	[ "$(id -u)" -eq 0 ] || skip "only root looks into a process that lets nobody look"
	printf 'a b\n' > words.txt
	"$enclua" worker run > worker.out 2>&1 3>&- & worker=$!
	"$enclua" --json run-task "$top/iapps/word-count" --data words.txt --no-wait > handed
	timeout 20 "$enclua" task watch "$(jq -r .task handed)" > /dev/null
	keeper=$(pgrep -f "/keeper $ENCLUA_HOME ")	# the worker asked it, and stays
	for fd in 0 1 2; do [ "$(readlink "/proc/$keeper/fd/$fd")" = /dev/null ]; done
	kill "$worker"
	wait "$worker" || true
}
