#!/usr/bin/env bats
# What doctor says is tried, not guessed: a layer taken away is a layer missing, and then no box is promised.

load helper
setup() { setup_place; }
teardown() { teardown_place; }

@test "every question has an answer, in words and as JSON, and nothing is left behind" {
	says 0 "$enclua" --json doctor
	one_object out
	jq -e '(.layers | length) == 9 and (.layers | map(type == "boolean") | all) and (.ready | type == "boolean")
		and .cores >= 1 and .crypto.seal_mb_s > 0 and .crypto.sha256_mb_s > 0 and .crypto.sign_verify_s > 0
		and .disk.sync_us > 0 and .assurance == "software"' out > /dev/null
	says 0 "$enclua" doctor
	for word in machine seccomp landlock assurance ChaCha20 disk; do grep -q "$word" out; done
	grep -qE "measurement|NOT READY" out
	rm out err
	[ -z "$(ls -A)" ]
}

@test "the measurement is the hash of the enclave program" {
	says 0 "$enclua" --json doctor
	jq -e .ready out > /dev/null || skip "no box starts on this machine: $(jq -r .reason out)"
	[ "$(jq -r .measurement out)" = "$(sha256sum < "$(jq -r .enclave out)" | cut -d' ' -f1)" ]
}

@test "without user namespaces doctor says so, and what to do" {
	unshare -Ur true 2> /dev/null || skip "user namespaces are not to be had here"
	unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"' - "$enclua" --json doctor > out
	jq -e '.layers.userns == false and .ready == false and (.reason | length) > 0 and .measurement == null' out > /dev/null
	jq -r .reason out | grep -q userns
	jq -r .hint out | grep -q -- --allow-missing-layer
}

@test "without the enclave program there is no box" {
	cp "$enclua" enclua
	says 0 ./enclua --json doctor
	[ "$(jq -r .enclave out)" != "$work/enclave" ]
	printf '#!/bin/sh\n' > enclave
	chmod +x enclave
	says 0 ./enclua --json doctor
	jq -e '.ready == false and (.reason | length) > 0' out > /dev/null
}
