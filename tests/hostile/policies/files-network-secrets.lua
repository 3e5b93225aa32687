-- expect: deny error:E_TASK ~ no global \"io\" ~ no global \"task\" ~ no global \"package\" ~ no global \"egress\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function() return io.open("/proc/self/environ") ~= nil end }, permit { id = "b", when = function() return task:secret(1) ~= nil end },
    permit { id = "c", when = function() return package.loadlib("libc.so.6", "system") ~= nil end }, permit { id = "d", when = function() return egress.http("http://169.254.169.254/") ~= nil end } }
