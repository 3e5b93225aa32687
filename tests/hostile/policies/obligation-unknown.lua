-- expect: deny error:E_INVALID ~ there is no obligation \"max_use\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", oblige { max_use = 1 } } }
