-- expect: deny no-permit
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- The module is a table of this box: what is put into it is asked by nobody.
local good = policy { api = 1, id = "t", permit { id = "a", purposes = { "marketing" } } }
policy.permit, policy.forbid, policy.oblige = nil, nil, nil
policy.decide, policy.made, policy.conditions, policy.merge = function() return "permit" end, {}, {}, error
policy.__call, policy.__index, policy.environment = error, error, {}
return good
