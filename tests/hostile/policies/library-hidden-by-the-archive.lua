-- expect: deny no-permit
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", purposes = { "marketing" } } }
@@@ policy.lua.lua
return false
@@@ policy_rules.lua
return { made = {} }
@@@ policy_host.lua
return { plain = function(t) return t end }
