-- expect: permit offer
-- question: {"scope":"offer"}
-- expect: permit offer
-- question: {"scope":"match"}
-- expect: deny forbid:late
-- question: {"scope":"key_release"}
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- Friendly when it is asked about an offer, and closed when the key is asked for: each scope is asked again, and none of it is remembered.
return policy { api = 1, id = "t", permit { id = "offer" }, forbid { id = "late", when = function(r) return r.scope == "key_release" end } }
