-- expect: deny error:E_INVALID ~ because must be a text
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", because = "for \u{202e}elas ton" } }
