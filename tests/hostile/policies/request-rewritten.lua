-- expect: deny error:E_TASK ~ the request cannot be changed (\"purpose\") ~ the request cannot be changed (\"outputs_raw\") ~ the request cannot be changed (1) ~ the request cannot be changed (\"__index\")
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function(r) r.purpose = "research" return true end },
    permit { id = "b", when = function(r) r.app.outputs_raw = false return true end }, permit { id = "c", when = function(r) r.app.purposes[1] = "x" return true end },
    permit { id = "d", when = function(r) r.__index = {} return true end } }
