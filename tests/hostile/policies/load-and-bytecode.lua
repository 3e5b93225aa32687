-- expect: deny error:E_TASK ~ no global \"load\" ~ no global \"loadstring\" ~ no global \"dofile\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function() return load("\27Lua\x54\0")() end },
    permit { id = "b", when = function() return loadstring("return true")() end }, permit { id = "c", when = function() return dofile("/dev/stdin") end } }
