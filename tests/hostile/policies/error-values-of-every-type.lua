-- expect: deny error:E_TASK ~ "message":"an error that is nil" ~ "message":"an error that is true" ~ "message":"an error that is a table" ~ "message":"an error that is a function" ~ "message":"an error that is 42" ~ an error that is a float
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local values = { false, true, 42, 4.25, {}, function() end }
local function rule(i) return permit { id = "r" .. tostring(i), when = function() error(values[i], 0) end } end
return policy { api = 1, id = "t", permit { id = "a" }, permit { id = "n", when = function() error(nil) end }, rule(1), rule(2), rule(3), rule(4), rule(5), rule(6) }
