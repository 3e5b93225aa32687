# A policy to play with.

# policy_make DIR NAME [RULES]: RULES are Lua, between the braces of the policy
policy_make() {
	mkdir -p "$1"
	printf 'api: 1\nname: %s\nversion: 1.0.0\nsummary: made by a test\nentry: policy.lua\n' "$2" > "$1/policy.yaml"
	printf 'local policy = require "policy"\nreturn policy {\n    api = 1, id = "%s",\n    %s,\n}\n' "$2" "${3:-policy.permit { id = \"all\" \}}" > "$1/policy.lua"
}
