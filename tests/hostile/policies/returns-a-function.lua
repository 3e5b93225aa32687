-- expect: deny error:E_INVALID ~ must return policy { … }
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return function() return policy { api = 1, id = "t", permit { id = "a" } } end
