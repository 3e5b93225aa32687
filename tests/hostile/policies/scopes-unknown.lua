-- expect: deny error:E_TASK ~ no such scope
-- question: {"scope":"everything"}
-- expect: deny error:E_TASK ~ the request has no scope
-- question: {"scope":null}
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function(r) return r.scope == "match" or error("no such scope") end } }
