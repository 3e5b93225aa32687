-- expect: deny error:E_INVALID
-- question: {"extra":[[[[[[[[[[[[1]]]]]]]]]]]]}
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a" } }
