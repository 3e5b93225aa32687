#!/usr/bin/env bats
# What a machine says of itself, as a person sees it: doctor, attest show, attest enroll, with no TPM, and with swtpm and a certified one. The attacks are tried in
# tests/trust/tpm2.c and cvm.c. The last test is also that of core/trust/attest_starter.c: a keeper that has shut itself in verifies a quote by a helper that a child starts.

load ../cli/helper

setup() {
	setup_place
	unset ENCLUA_TPM ENCLUA_TSM
	export ENCLUA_HOME=$work/home ENCLUA_TSM=$work/no-such-tsm
	tpm_pid=
}

teardown() {
	stop_tpm
	teardown_place
}

# start_tpm: swtpm in a folder of the test; its own process id is what ends it
start_tpm() {
	swtpm socket --tpm2 --tpmstate "dir=$work/state" --server "type=unixio,path=$work/tpm" --ctrl "type=unixio,path=$work/control" \
		--flags not-need-init,startup-clear > swtpm.log 2>&1 3>&- &
	tpm_pid=$!
	export ENCLUA_TPM=swtpm:path=$work/tpm
	for _ in $(seq 100); do
		[ ! -S "$work/tpm" ] || return 0
		sleep 0.05
	done
	cat swtpm.log
	return 1
}

stop_tpm() {
	[ -n "$tpm_pid" ] || return 0
	kill "$tpm_pid" 2> /dev/null || :
	wait "$tpm_pid" 2> /dev/null || :
	tpm_pid=
	rm -f "$work/tpm" "$work/control"
}

@test "a machine without anything says so for each provider, and offers the software level with the words of receipts" {
	export ENCLUA_TPM=device:$work/no-such-tpm
	says 0 "$enclua" --json doctor
	one_object out
	jq -e '[.attestation[].provider] == ["tdx", "sev-snp", "tpm2", "software"]' out > /dev/null
	jq -e '.attestation | map(select(.present) | .provider) == ["software"]' out > /dev/null
	jq -e '.attestation | map(select(.present | not) | .why | length > 0) | all' out > /dev/null
	jq -e '.attestation[0].why | startswith("this kernel has no configfs-tsm")' out > /dev/null
	[ "$(jq -r .assurance out)" = software ]
	jq -r .assurance_sentence out > sentence
	says 0 "$enclua" doctor
	grep -qF "assurance    software: $(cat sentence)" out
	says 0 "$enclua" attest show
	grep -qF "counts as    software: $(cat sentence)" out
	grep -q '^enclua/evidence/v1$' out
	says 10 "$enclua" attest show --provider tpm2
	says 10 "$enclua" attest show --provider tdx
	grep -q 'no configfs-tsm' err
	says 5 "$enclua" attest show --provider sgx
}

@test "attest show: evidence that is accepted, in words and as JSON" {
	export ENCLUA_TPM=device:$work/no-such-tpm
	says 0 "$enclua" --json attest show
	one_object out
	jq -e '.accepted and .provider == "software" and .level == "software" and .counts_as == "software" and (.simulated | not) and (.debug | not)' out > /dev/null
	[ "$(jq -r .measurement out)" = "$("$enclua" --json doctor | jq -r .enclave | xargs sha256sum | cut -d' ' -f1)" ]
	jq -r .evidence out | head -n 1 | grep -qx enclua/evidence/v1
}

@test "attest show: a keeper that accepts other programs refuses" {
	export ENCLUA_TPM=device:$work/no-such-tpm
	says 0 "$enclua" init --no-passphrase
	mkdir -p "$ENCLUA_HOME/keeper"
	echo "measurement $(printf 'another' | sha256sum | cut -d' ' -f1)" > "$ENCLUA_HOME/keeper/references"
	says 0 "$enclua" --json attest show
	jq -e '(.accepted | not) and (.reason | test("none that this keeper accepts"))' out > /dev/null
	echo "measurement nonsense" > "$ENCLUA_HOME/keeper/references"
	says 5 "$enclua" attest show
	grep -q 'references, line 1' err
}

@test "attest enroll needs a home, and a TPM" {
	export ENCLUA_TPM=swtpm:path=$work/tpm
	says 3 "$enclua" attest enroll
	says 0 "$enclua" init --no-passphrase
	says 10 "$enclua" attest enroll
	export ENCLUA_TPM=nonsense
	says 2 "$enclua" attest enroll
}

@test "a TPM is enrolled, shown, and counts as what it is: an emulator" {
	mkdir state
	start_tpm
	says 0 "$enclua" init --no-passphrase
	says 0 "$enclua" --json doctor
	jq -e '.attestation[] | select(.provider == "tpm2") | (.present | not) and (.why | test("not enrolled"))' out > /dev/null
	says 0 "$enclua" --json attest enroll
	jq -e '.simulated and .maker == "IBM SW TPM" and .issuer == null and (.rooted | not) and (.known | not) and (.ak | length) == 64 and (.pcrs | length) == 64' out > /dev/null
	says 0 "$enclua" --json attest enroll
	jq -e .known out > /dev/null
	says 0 "$enclua" --json attest show
	jq -e '.accepted and .provider == "tpm2" and .level == "tpm2" and .simulated and .counts_as == "software"' out > /dev/null
	says 0 "$enclua" --json doctor
	jq -e '.assurance == "software" and (.attestation[] | select(.provider == "tpm2") | .present and .simulated)' out > /dev/null
	says 0 "$enclua" attest show
	grep -q 'tpm2, by an emulator' out
}

@test "a certified TPM: the roots given must vouch for it" {
	mkdir state ca
	cat > localca.conf <<END2
statedir = $work/ca
signingkey = $work/ca/signkey.pem
issuercert = $work/ca/issuercert.pem
certserial = $work/ca/certserial
END2
	printf '%s\n' '--platform-manufacturer Test' '--platform-version 1' '--platform-model Test' > localca.options
	printf '%s\n' "create_certs_tool = /usr/bin/swtpm_localca" "create_certs_tool_config = $work/localca.conf" \
		"create_certs_tool_options = $work/localca.options" 'active_pcr_banks = sha256' > setup.conf
	swtpm_setup --tpm2 --tpmstate "$work/state" --create-ek-cert --config "$work/setup.conf" > setup.log 2>&1 3>&- || { cat setup.log; false; }
	start_tpm
	says 0 "$enclua" init --no-passphrase
	openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=swtpm-localca-rootca -out other.pem 2> /dev/null
	says 4 "$enclua" attest enroll --roots other.pem
	grep -q 'no accepted root vouches' err
	says 5 "$enclua" attest enroll --roots localca.conf
	says 3 "$enclua" attest enroll --roots nothing.pem
	says 4 "$enclua" attest enroll --roots ca/swtpm-localca-rootca-cert.pem # the one between them is missing
	[ ! -e "$ENCLUA_HOME/keeper/references" ]
	cat ca/issuercert.pem ca/swtpm-localca-rootca-cert.pem > roots.pem
	says 0 "$enclua" --json attest enroll --roots roots.pem
	jq -e '.rooted and .simulated and (.issuer | test("swtpm-localca"))' out > /dev/null
	says 0 "$enclua" --json attest show
	jq -e '.accepted and .provider == "tpm2"' out > /dev/null
}

@test "the quote of an enrolled TPM goes with every key that a run asks for; a keeper that does not know the TPM gives none" {
	printf 'a b a\n' > words.txt
	mkdir state
	start_tpm
	says 0 "$enclua" init --no-passphrase
	says 0 "$enclua" attest enroll
	says 0 "$enclua" run-task "$top/iapps/word-count" --data words.txt
	release=$("$enclua" --json book log --type key.release | jq -r '.entries[-1].index')
	[ "$("$enclua" --json book show "$release" | jq -r '.entry.assurance // .assurance')" = software ]	# an emulator's promise counts for no more
	: > "$ENCLUA_HOME/keeper/references"
	says 4 "$enclua" run-task "$top/iapps/word-count" --data words.txt
	grep -q 'evidence-refused: the TPM.s attestation key is none that this keeper accepts' err
	stop_tpm
	unset ENCLUA_TPM
	says 0 "$enclua" run-task "$top/iapps/word-count" --data words.txt
}
