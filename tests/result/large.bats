#!/usr/bin/env bats
# A text many times larger than the box's memory: sealed, decrypted in the box chunk by chunk, counted as `wc` counts. LONG=1: 4 GiB.

load helper
setup() { setup_home; }
teardown() { teardown_home; }

@test "word-count agrees with wc on a text that is larger than its memory limit" {
	local mib=192
	[ -z "${LONG:-}" ] || mib=4096
	awk 'BEGIN { srand(7); for (i = 0; i < 22000; i++) { n = int(rand() * 12) + 3
		l = ""; for (j = 0; j < n; j++) l = l "w" int(rand() * rand() * 5000) " "; print l } }' > block
	size=$(wc -c < block)
	for i in $(seq $((mib * 1048576 / size + 1))); do cat block; done > text.txt
	[ "$(wc -c < text.txt)" -ge $((mib * 1048576)) ]
	grep -q 'memory: 64MiB' "$top/iapps/word-count/iapp.yaml"
	"$enclua" --json run-task "$top/iapps/word-count" --data text.txt -o out > run.json
	read -r lines words bytes < <(wc < text.txt | tr -s ' ')
	[ "$(jq -r '"\(.lines) \(.words) \(.bytes)"' out/counts.json)" = "$lines $words $bytes" ]
	peak=$(jq .limits.memory.used out/result.json)
	[ "$peak" -gt 0 ]
	[ "$peak" -le $((64 * 1048576)) ]
	echo "# $mib MiB: $(jq -c '.timing_us | map_values(. / 1000 | floor)' run.json) ms, script's peak $peak bytes" >&3
	[ -z "$(find "$ENCLUA_HOME/blobs" -type f -size +64M)" ]	# sealed for this run only, and gone
}
