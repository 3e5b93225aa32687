#!/usr/bin/env bash
# Hostile scripts through the whole command: each is packed as an iApp, run by `enclua run-task`, and must end as its first line says, in time,
# with nothing left behind: no file beside the result, no process, no core. After each the same home runs a task of good manners.
# Cases: iapps/*.lua here, and $SHARED/vectors/hostile.jsonl where it is. `iapps.sh [NAME…]` runs some of them. Speaks TAP.
#   -- expect: OK "text" | OK | FAIL | LIMIT | SAME, or several words of these; text is matched whole, \n and \x1b style escapes allowed
#   -- manifest: a line for iapp.yaml, repeatable        -- with: data files secret other (what the run is given; other: a beneficiary)
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
case ${BUILD:-build} in /*) build=$BUILD ;; *) build=$top/${BUILD:-build} ;; esac
enclua=$build/enclua
shared=${SHARED:-$top/../shared}/vectors/hostile.jsonl
work=$(mktemp -d)
trap 'cd /; rm -rf "$work"' EXIT
export ENCLUA_HOME=$work/home HOME=$work XDG_DATA_HOME=$work/xdg
unset ENCLUA_AS ENCLUA_PASSPHRASE_FILE
ulimit -c unlimited 2> /dev/null || :
mkdir "$work/cwd" && cd "$work/cwd" || exit 1
wall=40	# of a whole command; the iApps' own limit is 20 s, and most end by their cpu limit

number=0 failures=0
report()	# TITLE WHY
{
	number=$((number + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		failures=$((failures + 1))
		printf 'not ok %d - %s\n' "$number" "$1"
		printf '%s\n' "$2" | head -c 2000 | tr -c '[:print:]\n' '?' | sed 's/^/# /'
	fi
}

world_make()
{
	"$enclua" init --no-passphrase > /dev/null && "$enclua" key new other --no-passphrase > /dev/null || return 1
	mkdir tree && printf 'a,b\n1,2\n3,4\n' > tree/t.csv && printf '{"k":[1,2]}' > tree/j.json && : > tree/empty.txt
	head -c 300000 /dev/zero | tr '\0' z > tree/big.txt
	"$enclua" protect tree --name stored > /dev/null || return 1
	printf 'api: 1\nname: polite\nversion: 1.0.0\nsummary: runs after each hostile case\nentry: main.lua\n' > iapp.yaml
	mkdir polite && mv iapp.yaml polite/
	echo 'return function(task) task.result:write("out", "fine " .. 6 * 7) end' > polite/main.lua
	"$enclua" app pack polite -o polite.iapp > /dev/null && rm -rf polite
}

# app_make SCRIPT: the body between two lines of ours
app_make()
{
	rm -rf app && mkdir app
	{
		printf 'api: 1\nname: hostile\nversion: 1.0.0\nsummary: a hostile case\nentry: main.lua\n'
		sed -n 's/^-- manifest: //p' "$1"
		grep -q '^-- manifest: limits' "$1" || echo 'limits: {memory: 32MiB, cpu: 600ms, wall: 20s, output: 1MiB}'
		has=$(sed -n 's/^-- with: //p' "$1")
		printf 'inputs:\n  data: %s\n' "$(case " $has " in *" data "*) echo one ;; *) echo none ;; esac)"
		case " $has " in *" files "*) printf '  files: true\n' ;; esac
		case " $has " in *" secret "*) printf '  secrets: [token]\n' ;; esac
	} > app/iapp.yaml
	{
		echo 'return function(task) rawset(_G, "task", task) rawset(_G, "secret", "S3CR3T-of-the-task") local function body()'
		cat "$1"
		printf '\nend local v = body() if v == nil then v = "" end task.result:write("out", tostring(v)) end\n'
	} > app/main.lua
}

options_of()
{
	options=()
	case " $1 " in *" data "*) options+=(--data stored) ;; esac
	case " $1 " in *" files "*) options+=(--file "$work/cwd/tree/t.csv" --file "$work/cwd/tree/big.txt") ;; esac
	case " $1 " in *" secret "*) options+=(--secret "1=T0KEN-value") ;; esac
	case " $1 " in *" other "*) options+=(--beneficiary other) ;; esac
}

# in a session of its own, so that whatever it left can be found
run_case()	# OUTDIR OPTIONS…
{
	local out=$1
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	setsid --wait sh -c 'echo $$ > "$0"; exec "$@"' "$work/sid" timeout -s KILL "$wall" \
		"$enclua" run-task app -o "$out" "$@" > "$work/stdout" 2> "$work/stderr" < /dev/null
}

leftovers()
{
	local sid
	sid=$(cat "$work/sid")
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		ps -o pid= -s "$sid" > "$work/left" || break
		sleep 0.1
	done
	[ ! -s "$work/left" ] || ps -o pid=,args= -s "$sid"
	rm -rf app out again
	find . "$work" -mindepth 1 -maxdepth 1 ! -name home | sort > "$work/now"
	find home "$ENCLUA_HOME" -mindepth 1 -maxdepth 1 2> /dev/null | sed 's/-\(wal\|shm\|journal\)$//' | sort -u >> "$work/now"
	diff "$work/then" "$work/now"
	find "$ENCLUA_HOME/blobs/tmp" -type f
}

unescape() { printf '%b' "$(printf '%s' "$1" | sed 's/%/%%/g')"; }

# judge STATUS EXPECT: empty when one of the words fits
judge()
{
	local status=$1 expect=$2 text
	case $status in 0 | 8 | 9) ;; *) echo "exit $status"; cat "$work/stderr"; return ;; esac
	case $expect in
	*LIMIT*) [ "$status" -eq 9 ] && return ;;
	esac
	case $expect in
	*FAIL*) [ "$status" -eq 8 ] && ! grep -q 'signal' "$work/stderr" && return ;;
	esac
	case $expect in
	*SAME*) [ "$status" -eq 0 ] && return ;;
	*'OK "'*)
		text=${expect#*OK \"} text=${text%\"*}
		[ "$status" -eq 0 ] && [ -f out/out ] && unescape "$text" | cmp -s - out/out && return ;;
	*'OK /'*)
		text=${expect#*OK /} text=${text%/*}
		[ "$status" -eq 0 ] && tr '\0' ' ' < out/out | grep -qa "^$text" && return ;;
	*'OK (empty)'*) [ "$status" -eq 0 ] && [ ! -s out/out ] && return ;;
	*OK*) [ "$status" -eq 0 ] && return ;;
	esac
	echo "expected $expect, got exit $status"
	cat "$work/stderr"
	[ ! -f out/out ] || { printf 'out: '; head -c 300 out/out; }
}

# case_run TITLE EXPECT SCRIPT
case_run()
{
	local why with other status
	with=$(sed -n 's/^-- with: //p' "$3")
	options_of "$with"
	app_make "$3"
	run_case out "${options[@]}"
	status=$?
	why=$(judge "$status" "$2")
	if [ -z "$why" ]; then
		case $status$2 in
		0*SAME*)
			(cd "$work" && FILLER=$(head -c 7000 /dev/zero | tr '\0' y) TZ=Asia/Tokyo "$enclua" run-task cwd/app -o cwd/again "${options[@]}") > /dev/null 2>&1
			cmp -s out/out again/out || why="two runs differ" ;;
		esac
		if LC_ALL=C grep -q '[^[:print:][:space:]]' < <(tr -d '\302\200-\377' < "$work/stderr"; tr -d '\302\200-\377' < "$work/stdout"); then
			why="a control character was shown"
		fi
		case " $with " in *" other "*)	# somebody else's: not a word of it here
			! grep -q 'S3CR3T\|T0KEN\|SECRET' "$work/stdout" "$work/stderr" || why="the secret was shown" ;;
		esac
		! grep -rqa 'S3CR3T-of\|T0KEN-value' "$ENCLUA_HOME"/store.db* || why="the store holds the secret in the clear"
	fi
	other=$(leftovers)
	[ -z "$other" ] || why="$why left behind: $other"
	if ! "$enclua" run-task polite.iapp -o out > "$work/stdout" 2>&1 || [ "$(cat out/out)" != "fine 42" ]; then
		why="$why the next task was not fine: $(cat "$work/stdout")"
	fi
	rm -rf out
	report "$1" "$why"
}

# The scripts that are too long to stand in the file are made by these.
vector_generate()
{
	case $1 in
	L75) printf 'return %s%s' "$(printf '{%.0s' {1..300})" "$(printf '}%.0s' {1..300})" ;;
	L77) printf 'return '; printf "'a'..%.0s" {1..299}; printf "'a'" ;;
	L79) printf 'return '; printf 'not %.0s' {1..250}; printf 1 ;;
	L81) for i in {1..190}; do printf 'local v%d=%d ' "$i" "$i"; done; printf 'return (function() return 0'; printf '+v%d' {1..190}; printf ' end)() and ""' ;;
	L83) printf 'local x=0 '; yes 'x=x+1 ' | head -n 150000 | tr -d '\n'; printf 'return x' ;;
	*) return 1 ;;
	esac
}

# Where these vectors leave a choice, or name one that a memory limit which ends the process has taken away.
vector_expect()	# ID EXPECT
{
	case $1 in
	L53 | L57 | L63 | L113 | L117) echo "${2/SAME*/SAME} or LIMIT" ;;
	L101) echo "OK" ;;
	L109) echo SAME ;;
	*) echo "$2" ;;
	esac
}

vectors_run()
{
	[ -r "$shared" ] || { report "vectors of hostile scripts # SKIP $shared is not here" ""; return; }
	local id title expect
	while IFS=$'\t' read -r id title expect; do
		wanted "$id" || continue
		if ! vector_generate "$id" > "$work/script"; then
			jq -r --arg id "$id" 'select(.id == $id).script' "$shared" > "$work/script"
		fi
		[ "$id" != L99 ] || echo '-- with: other' >> "$work/script"
		case_run "$id $title" "$(vector_expect "$id" "$expect")" "$work/script"
	done < <(jq -r '[.id, .title, .expect] | @tsv' "$shared")
}

own_run()
{
	local f expect
	for f in "$here"/iapps/*.lua; do
		wanted "$(basename "$f" .lua)" || continue
		expect=$(sed -n '1s/^-- expect: //p' "$f")
		[ -n "$expect" ] || { report "$(basename "$f")" "its first line says nothing"; continue; }
		case_run "$(basename "$f" .lua)" "$expect" "$f"
	done
}

some=("$@")
wanted()
{
	local w
	[ ${#some[@]} -gt 0 ] || return 0
	for w in "${some[@]}"; do
		[ "$w" != "$1" ] || return 0
	done
	return 1
}

# LUA-CVES.md: each case that it names is there; each row says something; each case that names an id stands in the row of that id.
table_check()
{
	local table=$here/LUA-CVES.md id file
	# shellcheck disable=SC2016 # these are the table's own marks
	grep -o '`\(iapps\|policies\)/[^`]*[.]lua`' "$table" | tr -d '`' | sort -u | while read -r file; do
		[ -f "$here/$file" ] || echo "there is no $file"
	done
	awk -F ' *[|] *' '/^[|] (CVE-|[A-Z5])/ && !/^[|] (id|in) / && length($(NF - 1)) < 10 { print "a row without a case or a reason: " $2 }' "$table"
	grep -H '^-- cve: ' "$here"/iapps/*.lua "$here"/policies/*.lua | sed 's|.*/\([a-z]*/[^/:]*\):-- cve: |\1 |' | while read -r file id; do
		grep "^| $id |" "$table" | grep -qF "\`$file\`" || echo "$file names $id, whose row does not name it"
	done
	for file in "$here"/iapps/cve-*.lua "$here"/iapps/bug-*.lua; do
		grep -qF "iapps/${file##*/}" "$table" || echo "no row names ${file##*/}"
	done
}

world_make || { echo "1..0 # the home for the cases cannot be made"; exit 1; }
: > "$work/script" && : > "$work/stdout" && : > "$work/stderr" && : > "$work/sid" && : > "$work/left" && : > "$work/then" && : > "$work/now"
find . "$work" -mindepth 1 -maxdepth 1 ! -name home | sort > "$work/then"
"$enclua" run-task polite.iapp > /dev/null 2>&1
find home "$ENCLUA_HOME" -mindepth 1 -maxdepth 1 2> /dev/null | sed 's/-\(wal\|shm\|journal\)$//' | sort -u >> "$work/then"
own_run
vectors_run
! wanted LUA-CVES.md || report "LUA-CVES.md and the cases agree" "$(table_check)"
echo "1..$number"
[ "$failures" -eq 0 ]
