-- expect: deny no-permit
-- question: {"purpose":"research"}
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function(r) return r.purpose == "research\0" or ends("research\0", r.purpose) or r.purpose < "research\0" and starts(r.purpose, "research\0") end } }
