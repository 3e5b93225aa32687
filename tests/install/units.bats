#!/usr/bin/env bats
# The units of systemd: what systemd itself thinks of them, and a worker that does its work under the strict one.

load helper
setup() {
	setup_place
	[ -z "$SAN" ] || skip "the sanitizers want more of the kernel than the unit gives"
	command -v systemd-analyze > /dev/null || skip "no systemd"
	maker install DESTDIR="$work/root" PREFIX=/opt
	units=$work/root/opt/lib/systemd
}
teardown() { teardown_place; }

@test "systemd finds no mistake in them, and they start the program that is installed with them" {
	grep -qx "ExecStart=/opt/bin/enclua worker run" "$units/system/enclua-worker@.service"
	grep -qx "ExecStart=/opt/bin/enclua worker run" "$units/user/enclua-worker.service"
	mkdir system user
	sed "s|/opt/bin|$work/root/opt/bin|" "$units/system/enclua-worker@.service" > system/enclua-worker@.service
	sed "s|/opt/bin|$work/root/opt/bin|" "$units/user/enclua-worker.service" > user/enclua-worker.service
	for unit in system/enclua-worker@daemon.service user/enclua-worker.service; do
		systemd-analyze verify --man=no --recursive-errors=one "$unit" > out 2>&1 || { cat out; return 1; }
		[ ! -s out ] || { cat out; return 1; }
	done
	sed -i 's/^NoNewPrivileges=/NoNewPrivilege=/' system/enclua-worker@.service
	systemd-analyze verify --man=no --recursive-errors=one system/enclua-worker@daemon.service > out 2>&1 || :
	grep -q NoNewPrivilege out
}

@test "exposure is at most 2.0 of 10, as systemd counts it" {
	systemd-analyze security --offline=true --threshold=20 "$units/system/enclua-worker@.service" > out 2>&1 || { grep exposure out; return 1; }
	run systemd-analyze security --offline=true --threshold=5 "$units/system/enclua-worker@.service"
	[ "$status" -ne 0 ]
}

@test "whatever the user's unit takes away, the machine's does too" {
	sed -n '/^NoNewPrivileges/,/^LimitCORE/p' "$units/user/enclua-worker.service" | sort > of-user
	sed -n '/^CapabilityBoundingSet/,/^LimitCORE/p' "$units/system/enclua-worker@.service" | sort > of-system
	[ "$(wc -l < of-user)" -ge 10 ]
	[ -z "$(comm -23 of-user of-system)" ]
}

@test "under a real systemd the strict unit runs a task in a box, sees no home of others, writes only its own, and leaves when told" {
	layers_allowed
	[ -z "$ENCLUA_ALLOW_MISSING_LAYER" ] || skip "no box here without $ENCLUA_ALLOW_MISSING_LAYER"
	got=0
	"$BATS_TEST_DIRNAME/with_systemd" "$units/system" "$work/root" enclua-worker@daemon.service "$BATS_TEST_DIRNAME/worker_beside" > out 2>&1 || got=$?
	[ "$got" -ne 77 ] || skip "no systemd of one's own here: $(tail -1 out)"
	[ "$got" -eq 0 ] || { cat out; return 1; }
	grep -qx "Hello, Ada!" out
	grep -qP "^Uid:(\t$(id -u daemon)){4}$" out
	grep -qP "^CapEff:\t0000000000000000" out
	grep -qP "^NoNewPrivs:\t1" out
	grep -qP "^Seccomp:\t2" out
	grep -qx active out
	[ -z "$(grep hidden-from-workers out)" ]
	[ "$(grep -c 'Read-only file system' out)" -eq 2 ]
	grep -qx success out
	grep -qx "1 task run" out
}
