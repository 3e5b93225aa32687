# Shared by the bats files of this folder: the programs of the tests, and verifiers that are not ours.
load ../common
made=$build/book/make_log
ours=$build/book/our_verify
foreign=$build/book/foreign
sigstore=$top/build/deps/sigstore/node_modules	# by make deps

# stock_go EXPORT LOG-VKEY WITNESS-VKEY PROOF-FILE…; an empty witness is none
stock_go() {
	local dir=$1 log=$2 witness=$3
	shift 3
	"$build/book/verify" ${witness:+-witness "$witness"} "$dir" "$log" "$@"
}

# The same; Debian's own python, which make deps installs, not one that comes first in some PATH.
stock_python() {
	local dir=$1 log=$2 witness=$3
	shift 3
	/usr/bin/python3 "$top/tests/book/verify.py" "$dir" "$log" ${witness:+--witness "$witness"} "$@"
}

# stock_sigstore LOG-VKEY PROOF-FILE…
stock_sigstore() {
	[ -d "$sigstore" ] || { echo "no $sigstore: make deps brings it" >&2; return 99; }
	NODE_PATH=$sigstore node "$top/tests/book/verify.mjs" "$@"
}
