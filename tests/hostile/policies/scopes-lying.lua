-- expect: deny error:E_INVALID ~ permit a has the unknown key \"scopes\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- It says that it is for one scope only; there is no such thing to say.
return policy { api = 1, id = "t", permit { id = "a", scopes = { "offer" } } }
