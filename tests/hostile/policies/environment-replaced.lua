-- expect: deny error:E_TASK ~ assignment to the global \"error\" ~ a policy has no global \"rawset\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function() error = nil return true end },
    permit { id = "b", when = function() _ENV.rawset(_ENV, "error", nil) return true end } }
