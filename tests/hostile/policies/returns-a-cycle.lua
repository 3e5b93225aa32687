-- expect: deny error:E_INVALID ~ must return policy { … }
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local t = policy { api = 1, id = "t", permit { id = "a" } }
local u = { effect = "permit", rules = { "a" }, reasons = {}, t }
u.self = u
return u
