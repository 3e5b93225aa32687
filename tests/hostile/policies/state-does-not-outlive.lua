-- expect: permit first
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- A policy that remembers it was asked permits once and then no more, or the other way round. It has nowhere to remember.
policy.asked = (policy.asked or 0) + 1
return policy { api = 1, id = "t", permit { id = "first", when = function() return policy.asked == 1 end }, permit { id = "later", when = function() return policy.asked > 1 end } }
