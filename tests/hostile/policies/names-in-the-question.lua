-- expect: deny no-permit ~ asked \"? ? [31mx\"
-- question: {"purpose":"\u202e\u0007\u200b\u001b[31mx"}
-- expect: deny no-permit ~ asked \"DUO:0000006\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- Those who ask choose their names as well.
return policy { api = 1, id = "t", permit { id = "a", purposes = { "marketing" } } }
