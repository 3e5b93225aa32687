#!/usr/bin/env bats
# A home's own book that grows over the edges of tiles and has entries by every command that writes some: exported into one folder again and again, judged each
# time by verifiers that are not ours.

load helper
load homes

setup_file() {
	setup_homes
	export KEPT=$work
	"$enclua" -q key new bob --no-passphrase > /dev/null && "$enclua" -q key register bob > /dev/null || return 1
	"$enclua" book checkpoint --vkey > log.vkey
}
teardown_file() { cd / && rm -rf "$KEPT"; }
setup() {
	cd "$KEPT" || return 1
	log=$(cat log.vkey)
}

# all_accept EXPORT PROOF-FILE…
all_accept() {
	local dir=$1 n
	n=$(sed -n 2p "$dir/checkpoint")
	shift
	run -0 stock_go "$dir" "$log" "" "$@"
	[[ $output == "go: $n entries"* ]] || return 1
	run -0 stock_python "$dir" "$log" "" "$@"
	[[ $output == "python: $n entries"* ]] || return 1
	[ $# -eq 0 ] || run -0 stock_sigstore "$log" "$@"
}

@test "as the book grows over the edges of tiles, each export into one folder verifies" {
	first=$(size mine)	# what a new book begins with
	for n in $((first + 1)) 254 255 256 257; do
		for ((i = $(size mine); i < n; i++)); do "$enclua" -q account deposit "$((i + 1))" > /dev/null; done
		"$enclua" -q book export public
		[ "$(sed -n 2p public/checkpoint)" -eq "$n" ]
		all_accept public
	done
	"$enclua" -q book export fresh
	(cd fresh && find . -type f) > files
	[ "$(wc -l < files)" -eq 6 ]
	while read -r f; do cmp "fresh/$f" "public/$f"; done < files
}

@test "entries by every command, with a proof file of each type" {
	"$enclua" -q account deposit 5RLC
	"$enclua" -q account transfer bob 1RLC
	"$enclua" -q account withdraw 0.5RLC
	"$enclua" -q protect --name note --set secretText="the cake is in the fridge"
	mkdir app
	printf 'api: 1\nname: app\nversion: 1.0.0\nsummary: made by a test\nentry: main.lua\n' > app/iapp.yaml
	printf 'return function(task) task.result:write("x.txt", "1") end\n' > app/main.lua
	"$enclua" -q run-task app > /dev/null
	"$enclua" -q --as bob account transfer me 1RLC
	"$enclua" -q --as bob account close
	"$enclua" --json book log | jq -r '.entries | unique_by(.type)[] | "\(.type) \(.index)"' > first-of-type
	for type in book.open identity.register data.register app.register pool.create order.request deal.match task.initialize task.assign task.complete account.{deposit,withdraw,transfer,close}; do
		grep -q "^$type " first-of-type
	done
	while read -r type index; do "$enclua" -q book proof "$index" -o "$type.tlog-proof"; done < first-of-type
	"$enclua" -q book export public
	all_accept public ./*.tlog-proof
}

@test "an entry that is changed in the export is refused by all, and by the next export" {
	"$enclua" -q book export changed
	sed -i 's/^amount: 200$/amount: 201/' changed/tile/entries/000
	run ! cmp -s changed/tile/entries/000 public/tile/entries/000
	run -1 stock_go changed "$log" ""
	run -1 stock_python changed "$log" ""
	printf 'log %s\nquorum none\n' "$log" > alone
	run -0 "$ours" public alone
	run -5 "$ours" changed alone
	fails 5 tile/entries/000 "$enclua" -q book export changed
}
