# For the tests of grants: a home with ada, who owns data, ben, who wants to run an iApp of the machine's operator `me` on it, and carl, who also might.
load ../deal/offers

setup_grants() {
	setup_market
	cd "$work" || return 1
	app=$(value .app app deploy "$app_dir")
	printf 'one two two\n' > text.txt
	data=$(value .data --as ada protect text.txt --name words)
	ben=$(identity_of ben) carl=$(identity_of carl) ada=$(identity_of ada)
}

# grant OPTIONS…: by ada, of the data, for the iApp; prints its id
grant() { value .grant --as ada grant words --app word-count "$@"; }
# runs NAME OPTIONS…: that one runs the iApp on the data
runs() {
	local name=$1
	shift
	says 0 "$enclua" --as "$name" --json run-task word-count --data "$data" "$@"
}
# turned_away NAME WORDS OPTIONS…: no grant for that, with these words, and nothing has come into the book
turned_away() {
	local name=$1 words=$2 before after
	shift 2
	before=$(value .entries book verify)
	fails 4 "$words" "$enclua" --as "$name" run-task word-count --data "$data" "$@" || return 1
	after=$(value .entries book verify)
	[ "$before" = "$after" ] || { echo "the book has grown from $before to $after entries"; return 1; }
}
status_of() { value "[.grants[] | select(.grant == \"$1\") | .status] | join(\",\")" grants --all; }
# refused_plain STATUS WORDS HINT COMMAND…: without a rule's code
refused_plain() {
	local want=$1 words=$2 hint=$3
	shift 3
	fails "$want" "$words" "$enclua" "$@" || return 1
	grep -qF -- "$hint" err || { echo "no hint '$hint' in: $(cat err)"; return 1; }
}
# by_hand GRANT FIELD=VALUE…: ben's request for the data, entered; prints the fields of the match that would take that grant
by_hand() {
	local grant=$1 request app_order pool_order
	shift
	app_order=$(value '[.orders[] | select(.state == "open")][0].order' order list --app "$app" --kind app)
	pool_order=$(value '[.orders[] | select(.state == "open")][0].order' order list --pool local --kind pool)
	[ "$pool_order" != null ] || pool_order=$(value .order pool offer local)
	request=$(enter ben order.request app="$app" data="$data" data_price=1000 recipient="$(value .age key show ben)" params="$zero" volume=1 \
		category="$(value .category order show "$pool_order" | sed 's/XS/0/; s/^S$/1/')" "$@")
	echo deal.match app="$app_order" data="$grant" pool="$pool_order" request="$request"
}
# policy_folder DIR: a policy called `kind` that permits everything
policy_folder() {
	mkdir "$1"
	printf 'api: 1\nname: kind\nversion: 1.0.0\nsummary: made by a test\nentry: policy.lua\n' > "$1/policy.yaml"
	printf 'local policy = require "policy"\nreturn policy { api = 1, id = "kind", policy.permit { id = "all" } }\n' > "$1/policy.lua"
}
