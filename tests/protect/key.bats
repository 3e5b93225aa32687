# Identities on the command line: they keep their secrets, and other people's tools can use their public halves.

load ../common

setup() {
	work=$(mktemp -d)
	export ENCLUA_HOME=$work/home HOME=$work
	unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE
	cd "$work" || return 1
	printf 'correct horse\n' > pass
	printf 'battery staple\n' > wrong
}

teardown() {
	cd / && rm -rf "$work"
}

# fails STATUS WORDS…: the command fails with this status and prints nothing on stdout; its stderr is in err
fails() {
	local want=$1 got=0
	shift
	"$@" > out 2> err < /dev/null || got=$?
	[ "$got" -eq "$want" ] || { echo "status $got instead of $want"; cat out err; return 1; }
	[ ! -s out ] || { echo "on stdout:"; cat out; return 1; }
}

# none PATTERN FILE…: no line of the files matches. (A bare "! grep" in the middle of a test fails nothing.)
none() {
	if grep -a -e "$1" -- "${@:2}"; then return 1; fi
}

@test "new, list, show, default: the first key is the default one until another is chosen" {
	"$enclua" key new alice --no-passphrase > new
	"$enclua" key new bob --no-passphrase > /dev/null
	grep -q '^identity  enclua1[a-z0-9]\{58\}$' new
	"$enclua" key list > list
	[ "$(wc -l < list)" -eq 2 ]
	grep -q '^\* alice ' list
	grep -q '^  bob ' list
	"$enclua" key default bob
	"$enclua" key list | grep -q '^\* bob '
	"$enclua" key show alice | cmp - <(sed 's/ (default)//' new)
}

@test "--json is one object with every public text, and no secret" {
	"$enclua" --json key new alice --no-passphrase > new
	[ "$(wc -l < new)" -eq 1 ]
	grep -q '^{"ok":true,"name":"alice","identity":"enclua1[a-z0-9]*","age":"age1[a-z0-9]*","minisign":"RW[^"]*","note":"alice+[^"]*","sealed":false,"default":true}$' new
	"$enclua" key list --json > list
	grep -q '^{"ok":true,"keys":\[{"name":"alice",' list
	"$enclua" key show alice --json | cmp - new
	none '[Ss][Ee][Cc][Rr][Ee][Tt]' new list
	"$enclua" --home "$work/empty" key list --json | grep -qx '{"ok":true,"keys":\[\]}'
}

@test "key files are mode 0600 in a folder of mode 0700, whatever the umask" {
	(umask 0; "$enclua" key new alice --no-passphrase > /dev/null)
	[ "$(stat -c %a home/keys/alice.key)" = 600 ]
	[ "$(stat -c %a home/keys)" = 700 ]
}

@test "a key that others may read is refused, and the hint is the cure" {
	"$enclua" key new alice --no-passphrase > /dev/null
	chmod 644 home/keys/alice.key
	fails 4 "$enclua" key export alice --secret
	grep -q 'chmod 600 ' err
	none ENCLUA-SECRET err
	chmod 600 home/keys/alice.key
	"$enclua" key export alice --secret | grep -q ENCLUA-SECRET
}

@test "nothing is ever overwritten" {
	"$enclua" key new alice --no-passphrase > /dev/null
	"$enclua" key export alice --secret -o secret
	sha256sum home/keys/* secret > before
	fails 6 "$enclua" key new alice --no-passphrase
	fails 6 "$enclua" key import alice secret --no-passphrase
	fails 6 "$enclua" key export alice --secret -o secret
	sha256sum --quiet -c before
}

@test "without a terminal nothing is asked: the message names the flag" {
	fails 2 "$enclua" key new alice
	grep -q -- '--passphrase-file' err
	grep -q -- '--no-passphrase' err
	fails 2 "$enclua" key new alice --json
	[ "$(wc -l < err)" -eq 1 ]
	grep -q '^{"ok":false,"error":{"code":"E_USAGE",.*--passphrase-file' err
	[ ! -e home/keys/alice.key ]
}

@test "a passphrase guards the secret, and only the secret" {
	"$enclua" key new alice --passphrase-file pass > /dev/null
	head -n 1 home/keys/alice.key | grep -qx age-encryption.org/v1
	none ENCLUA-SECRET home/keys/alice.key
	"$enclua" key export alice --age | grep -q '^age1'
	fails 4 "$enclua" key export alice --secret --passphrase-file wrong
	grep -q 'wrong passphrase' err
	fails 2 "$enclua" key export alice --secret
	ENCLUA_PASSPHRASE_FILE=pass "$enclua" key export alice --secret | grep -q '^ENCLUA-SECRET-KEY-1'
	"$enclua" key list | grep -q 'under a passphrase'
}

@test "on a terminal the passphrase is asked for twice and not shown" {
	cat > type.py <<'PY'
import os, sys
pid, fd = os.forkpty()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "key", "new", "alice"])
answers = sys.argv[2:]
seen = b""
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    seen += part
    if part.rstrip(b" ").endswith(b":") and answers:
        os.write(fd, answers.pop(0).encode() + b"\n")
os.write(1, seen)
sys.exit(os.waitpid(pid, 0)[1] >> 8)
PY
	run python3 type.py "$enclua" 'correct horse' 'correct hose'
	[ "$status" -eq 2 ]
	[[ $output == *differ* ]]
	[ ! -e home/keys/alice.key ]
	run python3 type.py "$enclua" 'correct horse' 'correct horse'
	[ "$status" -eq 0 ]
	if [[ $output == *correct* ]]; then return 1; fi
	"$enclua" key export alice --secret --passphrase-file pass | grep -q '^ENCLUA-SECRET-KEY-1'
}

@test "age seals to --age and opens with --secret-age; nobody else's key opens it" {
	"$enclua" key new alice --no-passphrase > /dev/null
	"$enclua" key new bob --no-passphrase > /dev/null
	"$enclua" key export alice --secret-age -o alice.age
	"$enclua" key export bob --secret-age > bob.age
	[ "$(stat -c %a alice.age)" = 600 ]
	printf 'for alice\n' > plain
	age -r "$("$enclua" key export alice --age)" -o sealed plain
	age -d -i alice.age sealed | cmp - plain
	run age -d -i bob.age sealed
	[ "$status" -ne 0 ]
	age -R home/keys/alice.pub -o sealed2 plain
	age -d -i alice.age sealed2 | cmp - plain
}

@test "--note is the verifier key of C2SP: its hash is that of name and key" {
	"$enclua" key new alice --no-passphrase > /dev/null
	vkey=$("$enclua" key export alice --note)
	name=${vkey%%+*} hash=${vkey#*+} key=${vkey#*+*+}	# read would drop a "+" at the end of the key
	hash=${hash%%+*}
	[ "$name" = alice ]
	[ "$(base64 -d <<< "$key" | head -c 1 | od -An -tx1 | tr -d ' ')" = 01 ]
	[ "$( { printf 'alice\n'; base64 -d <<< "$key"; } | sha256sum | head -c 8)" = "$hash" ]
}

@test "--minisign is a key line, of the same key as --note" {
	"$enclua" key new alice --no-passphrase > /dev/null
	line=$("$enclua" key export alice --minisign)
	vkey=$("$enclua" key export alice --note)
	[ "$(base64 -d <<< "$line" | head -c 2)" = Ed ]
	[ "$(base64 -d <<< "$line" | tail -c 32 | base64)" = "$(base64 -d <<< "${vkey#*+*+}" | tail -c 32 | base64)" ]
}

@test "what --secret writes, import takes over: the same identity in another home" {
	"$enclua" key new alice --no-passphrase > /dev/null
	"$enclua" key export alice --secret -o secret
	[ "$(stat -c %a secret)" = 600 ]
	"$enclua" --home "$work/other" key import a2 secret --passphrase-file pass > /dev/null
	for form in --age --minisign; do
		[ "$("$enclua" key export alice $form)" = "$("$enclua" --home "$work/other" key export a2 $form)" ]
	done
	"$enclua" --home "$work/other" key export a2 --secret --passphrase-file pass | cmp - secret
	fails 6 "$enclua" --home "$work/other" key import again secret --no-passphrase
	grep -q 'its name is a2' err
}

@test "import refuses what is no identity, says why, and repeats no secret" {
	"$enclua" key new alice --no-passphrase > /dev/null
	"$enclua" key export alice --secret-age -o alice.age
	fails 5 "$enclua" key import x alice.age --no-passphrase
	grep -q 'key export NAME --secret' err
	none "$(tail -n 1 alice.age | cut -c 20-40)" err
	"$enclua" key export alice --secret > secret
	"$enclua" --home "$work/other" key import a2 secret --passphrase-file pass > /dev/null
	fails 5 "$enclua" key import x other/keys/a2.key --no-passphrase
	grep -q 'age -d' err
	tail -n 1 secret | sed 's/Q$/P/; t; s/.$/Q/' > mistyped
	fails 5 "$enclua" key import x mistyped --no-passphrase
	none "$(cut -c 25-40 mistyped)" err
	cat secret secret > two
	fails 5 "$enclua" key import x two --no-passphrase
	: > empty
	fails 5 "$enclua" key import x empty --no-passphrase
	fails 3 "$enclua" key import x missing --no-passphrase
	head -c 100000 /dev/zero > large
	fails 9 "$enclua" key import x large --no-passphrase
	[ "$(ls home/keys)" = "$(printf 'alice.key\nalice.pub\ndefault')" ]
}

@test "words that are off are told what they nearly were" {
	"$enclua" key new alice --no-passphrase > /dev/null
	fails 3 "$enclua" key show alcie
	grep -q 'did you mean alice' err
	fails 5 "$enclua" key new 'Bob Smith' --no-passphrase
	grep -q 'bob-smith' err
	fails 5 "$enclua" key new ../evil --no-passphrase
	fails 2 "$enclua" key export alice
	fails 2 "$enclua" key export alice --age --note
	grep -q -- '--secret-age' err
	fails 3 "$enclua" key default carol
	fails 2 "$enclua" key exprt alice
	[ ! -e home/evil.key ]
}
