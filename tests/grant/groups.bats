#!/usr/bin/env bats
# Groups: lists whose members may be removed. What they let in is asked at each match.

load helper
setup() { setup_market; }
teardown() { teardown_place; }

@test "list new --group: members come and go, and come again; of a list without it they stay" {
	says 0 "$enclua" --as ada --json list new ben carl --group
	one_object out
	group=$(jq -r .list out)
	jq -e --arg ben "$(identity_of ben)" --arg carl "$(identity_of carl)" '.group and .members == [$ben, $carl]' out
	says 0 "$enclua" --as ada --json list remove "$group" ben
	jq -e --arg carl "$(identity_of carl)" '.group and .members == [$carl]' out
	refused 6 list-stranger "enclua list show" --as ada list remove "$group" ben
	refused 4 not-owner "enclua --as NAME" --as carl list remove "$group" carl
	says 0 "$enclua" --as ada list add "$group" ben
	grep -q "^$group  group of ada, 2 members" out
	[ "$(value '.members | length' list show "$group")" = 2 ]
	list=$(value .list --as ada list new ben)
	[ "$(value .group list show "$list")" = false ]
	refused 4 list-fixed "enclua list new" --as ada list remove "$list" ben
	fails 3 "there is no list list1qqqqqqqq" "$enclua" --as ada list remove list1qqqqqqqq ben
	fails 3 "no key is called bem" "$enclua" --as ada list remove "$group" bem
	grep -qF "did you mean ben?" err
	[ "$(value '[.lists[] | .group] | tostring' list list)" = "[true,false]" ]
	says 0 "$enclua" book verify
}
