-- expect: deny error:E_TASK ~ no global \"setmetatable\" ~ no global \"getmetatable\" ~ no global \"debug\" ~ attempt to index a string value
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function(r) setmetatable(r, {}) return true end }, permit { id = "b", when = function(r) getmetatable("").__index = r return true end },
    permit { id = "c", when = function(r) debug.setmetatable(r, nil) return true end }, permit { id = "d", when = function() local s = "" s.len = error return true end } }
