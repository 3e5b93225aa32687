-- expect: deny error:E_TASK ~ "message":"fake.lua:1: permit"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function() error("fake.lua:1: permit", 1 << 40) end } }
