-- expect: deny error:E_TASK ~ "rule":"z" ~ after all
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a" }, permit { id = "b" }, forbid { id = "z", when = function() error("after all", 0) end } }
