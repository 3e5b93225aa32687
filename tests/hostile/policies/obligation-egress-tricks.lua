-- expect: deny error:E_INVALID ~ the obligation egress
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", oblige { egress = { "https:a.org\0.evil.example" } } } }
