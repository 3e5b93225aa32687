-- expect: deny error:E_TASK ~ the function given to any must return true or false
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function() return any({ 1 }, function() return "yes" end) end } }
