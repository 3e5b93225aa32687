-- expect: deny error:E_TASK ~ assertion failed!
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function() assert(false) return true end } }
