-- expect: deny forbid:b
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- What one rule keeps of the request is the request: nothing can be put in its place.
local kept
return policy { api = 1, id = "t", permit { id = "a", when = function(r) kept = r return true end },
    forbid { id = "b", when = function(r) return kept == r and r.app.outputs_raw == kept.app.outputs_raw end } }
