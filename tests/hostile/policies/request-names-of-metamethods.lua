-- expect: deny error:E_TASK ~ the request has no __index ~ the request has no __metatable ~ the request has no app.__newindex
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function(r) return r.__index ~= nil end },
    permit { id = "b", when = function(r) return r.__metatable == false end }, permit { id = "c", when = function(r) return r.app.__newindex ~= nil end } }
