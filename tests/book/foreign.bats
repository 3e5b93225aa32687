#!/usr/bin/env bats
# Logs and witnesses that are not ours: their keys and signatures are made by openssl, their lines by hand. Their names carry no key, so the policy or --log says it.

load homes
setup() { setup_homes; }
teardown() { teardown_homes; }

# hex < BYTES; bytes HEX
hex() { od -An -tx1 -v | tr -d ' \n'; }
bytes() { printf "$(sed 's/../\\x&/g' <<< "$1")"; }
sha() { sha256sum | cut -d' ' -f1; }

# signer NAME TYPE FILE: an Ed25519 key in FILE.pem, its vkey in FILE.vkey, its key id (hex) in FILE.id
signer() {
	openssl genpkey -algorithm ed25519 -out "$3.pem" 2> /dev/null
	local public
	public=$2$(openssl pkey -in "$3.pem" -pubout -outform DER | tail -c 32 | hex)
	{ printf '%s\n' "$1"; bytes "$public"; } | sha | cut -c1-8 > "$3.id"
	printf '%s+%s+%s\n' "$1" "$(cat "$3.id")" "$(bytes "$public" | base64 -w0)" > "$3.vkey"
}

# signed FILE < TEXT: the raw signature in hex
signed() {
	cat > message
	openssl pkeyutl -sign -rawin -inkey "$1.pem" -in message -out raw
	hex < raw
}

# log_note FILE NAME SIZE ROOT-HEX: a checkpoint signed by this log
log_note() {
	printf '%s\n%s\n%s\n' "$2" "$3" "$(bytes "$4" | base64 -w0)" > text
	cat text
	printf '\n— %s %s\n' "$2" "$(bytes "$(cat "$1.id")$(signed "$1" < text)" | base64 -w0)"
}

# cosign FILE NAME TIME < CHECKPOINT: the line of this witness
cosign() {
	head -3 > text
	local sig
	sig=$({ printf 'cosignature/v1\ntime %s\n' "$3"; cat text; } | signed "$1")
	printf '— %s %s\n' "$2" "$(bytes "$(cat "$1.id")$(printf '%016x' "$3")$sig" | base64 -w0)"
}

leaf() { { printf '\0'; printf %s "$1"; } | sha; }
node() { bytes "01$1$2" | sha; }

@test "a log that is not ours: its key once, then remembered; another key, a fork and a rollback refused" {
	home w1
	signer example.com/log 01 log
	signer example.com/log 01 thief
	a=$(leaf a); b=$(leaf b); c=$(leaf c)
	{ printf 'old 0\n\n'; log_note log example.com/log 1 "$a"; } > one
	{ printf 'old 1\n%s\n\n' "$(bytes "$b" | base64 -w0)"; log_note log example.com/log 2 "$(node "$a" "$b")"; } > two
	fails 4 "--log KEY" at w1 book witness sign one
	fails 4 "" at w1 book witness sign one --log "$(cat thief.vkey)"
	fails 5 "" at w1 book witness sign one --log "$(tr 'A-Za-z' 'B-ZAb-za' < log.vkey)"
	fails 5 "the key of a witness" at w1 book witness sign one --log "$(at w1 book witness key)"
	at w1 book witness sign one --log "$(cat log.vkey)" > line
	# What it signed, checked with its own key by openssl.
	at w1 book witness key | cut -d+ -f3- | base64 -d | tail -c 32 > public
	{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; cat public; } | openssl pkey -pubin -inform DER -out w1.pem
	cut -d' ' -f3 line | base64 -d > raw76
	[ "$(wc -c < raw76)" -eq 76 ]
	tail -c 64 raw76 > sig
	{ printf 'cosignature/v1\ntime %d\n' "$((16#$(head -c 12 raw76 | tail -c 8 | hex)))"; tail -n +3 one | head -3; } > said
	openssl pkeyutl -verify -rawin -pubin -inkey w1.pem -sigfile sig -in said
	# Remembered: no key is needed, and no other is taken.
	{ printf 'old 1\n\n'; log_note thief example.com/log 1 "$a"; } > stolen
	fails 4 "remembers" at w1 book witness sign stolen --log "$(cat thief.vkey)"
	fails 4 "" at w1 book witness sign stolen
	{ printf 'old 1\n%s\n\n' "$(bytes "$b" | base64 -w0)"; log_note log example.com/log 2 "$(node "$c" "$b")"; } > forked
	fails 5 "fork: " at w1 book witness sign forked
	says 0 at w1 book witness sign two
	fails 5 "rollback: " at w1 book witness sign one
	{ printf 'old 2\n\n'; log_note log example.com/log 2 "$(node "$a" "$c")"; } > forked
	fails 5 "fork: " at w1 book witness sign forked
	at w1 book witness seen example.com/log | cmp - <(tail -n +4 two)
}

@test "a witness that is not ours: judged by the policy that lists it, counted for the quorum, found in proofs" {
	signer example.com/witness 04 ext
	signer example.com/witness 04 thief
	now=$(date +%s)
	grow mine
	"$enclua" book checkpoint > note
	cosign ext example.com/witness "$now" < note > line
	fails 4 "nobody here can judge" "$enclua" book witness add line
	printf 'witness outside %s\nquorum outside\n' "$(cat ext.vkey)" > policy
	"$enclua" book witness policy policy > /dev/null
	cosign thief example.com/witness "$now" < note > forged
	fails 4 "nobody here can judge" "$enclua" book witness add forged
	# The right key id over a signature by another key, or over another time.
	/usr/bin/python3 - <<-'END'
		import base64
		dash, name, good = open("line").read().split()
		bad = base64.b64decode(open("forged").read().split()[2])
		raw = base64.b64decode(good)
		late = raw[:11] + bytes([raw[11] ^ 1]) + raw[12:]
		for file, what in (("mixed", raw[:4] + bad[4:]), ("late", late)):
		    open(file, "w").write(f"{dash} {name} {base64.b64encode(what).decode()}\n")
	END
	fails 5 "fits no checkpoint" "$enclua" book witness add mixed
	fails 5 "fits no checkpoint" "$enclua" book witness add late
	# Strangers' lines in an answer are left out, and do not spoil it.
	cat line forged | "$enclua" --json book witness add - | jq -e ".added == 1 and .quorum_size == $(size mine)"
	[ "$("$enclua" book checkpoint | grep -c '^— ')" -eq 2 ]
	"$enclua" --json book witness status | jq -e '.witnesses == [{name: "outside", key: "example.com/witness", size: .size, time: .witnesses[0].time}]'
	"$enclua" book witness request --for outside | head -1 | grep -qx "old $(size mine)"
	"$enclua" book proof 0 -o proof 2> /dev/null
	says 0 env -i "$enclua" verify proof --policy policy
	grep -q '1 of the policy countersigned' out
	"$enclua" book verify --policy policy > /dev/null
}

@test "what a witness could not remember it does not sign" {
	home w1
	"$enclua" book witness request > req
	at w1 book witness key > /dev/null
	got=0
	# No file may grow: the database cannot be written, and the answer goes into a pipe.
	(ulimit -f 0; "$enclua" --home w1 book witness sign req; echo "exit $?") 2> /dev/null | cat > sig || got=$?
	grep -q '^exit [1-9]' sig
	[ "$(grep -c '^—' sig)" -eq 0 ]
	at w1 book witness sign req | grep -q '^— '
}

@test "killed at any moment: an answer that came out is remembered" {
	home clean
	at clean book witness key > /dev/null
	"$enclua" book witness request > req
	answered=0
	for i in $(seq 1 40); do
		cp -a clean w
		timeout -s KILL "0.$(printf %03d $((i * i / 5)))" "$enclua" --home w book witness sign req 2> /dev/null | cat > sig || true
		seen=$(at w book witness seen | wc -l)
		if [ -s sig ]; then
			answered=$((answered + 1))
			[ "$seen" -eq 1 ] || { echo "an answer, and nothing remembered"; return 1; }
		fi
		rm -rf w
	done
	[ "$answered" -gt 0 ]
}
