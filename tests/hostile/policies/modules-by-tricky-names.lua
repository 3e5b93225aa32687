-- expect: deny error:E_TASK ~ module 'policy_host' not found ~ module '../policy' not found ~ module '/etc/passwd' not found ~ module 'json' not found ~ module 'dp_source' not found ~ module 'test_host' not found ~ module 'package' not found ~ its name holds a zero byte
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local function rule(i, name) return permit { id = "r" .. tostring(i), when = function() return require(name) ~= nil end } end
return policy { api = 1, id = "t", rule(1, "policy_host"), rule(2, "../policy"), rule(3, "/etc/passwd"), rule(4, "json"), rule(5, "dp_source"), rule(6, "test_host"), rule(7, "package"),
    rule(8, "policy\0_host") }
