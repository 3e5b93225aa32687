# For market.bats: a home with people who have money, an iApp, data, pools; and entries that no command makes by itself.
load ../cli/helper

app_dir=$top/iapps/word-count

setup_market() {
	setup_place
	export ENCLUA_HOME=$work/home
	"$enclua" init --no-passphrase > /dev/null
	local name
	for name in ada ben carl; do
		"$enclua" key new $name --no-passphrase > /dev/null
		"$enclua" account deposit 100RLC --to $name > /dev/null
	done
	"$enclua" account deposit 100RLC --to manager > /dev/null
	zero=sha256:$(printf '1%.0s' {1..64})
}

# value FILTER COMMAND…: of its JSON object
value() {
	local filter=$1
	shift
	"$enclua" --json "$@" | jq -r "$filter"
}

identity_of() { value .identity key show "$1"; }
free_of() { value .free account show "$1"; }

# enter NAME TYPE FIELD=VALUE…: one signed entry; prints the id of what it makes
enter() { "$build/deal/enter" "$ENCLUA_HOME" "$@"; }

# request NAME FIELD=VALUE…: of the app $app, and its recipient
request() {
	local name=$1
	shift
	enter "$name" order.request app="$app" recipient="$(value .age key show "$name")" params="$zero" volume=1 "$@"
}

# refused STATUS RULE HINT COMMAND…: in words and as JSON: the exit code, the rule's code at the beginning of the message, and a command that helps
refused() {
	local want=$1 rule=$2 hint=$3
	shift 3
	fails "$want" "$rule: " "$enclua" "$@" || return 1
	grep -qF -- "try: " err && grep -qF -- "$hint" err || { echo "no hint '$hint' in: $(cat err)"; return 1; }
	says "$want" "$enclua" --json "$@" || return 1
	one_object err
	jq -e --arg rule "$rule" --arg hint "$hint" '(.error.message | startswith($rule + ": ")) and (.error.hint | contains($hint))' err > /dev/null || { cat err; return 1; }
}

# no_entry STATUS RULE NAME TYPE FIELD=VALUE…: refused so, and the book is as long as before
no_entry() {
	local want=$1 rule=$2 before after
	shift 2
	before=$(value .entries book verify)
	says "$want" "$build/deal/enter" "$ENCLUA_HOME" "$@" || return 1
	grep -qF -- "$rule: " err || { echo "no '$rule' in: $(cat err)"; return 1; }
	after=$(value .entries book verify)
	[ "$before" = "$after" ]
}
