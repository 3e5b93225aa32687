-- expect: deny error:E_INVALID ~ an error that is a table
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- The mark of a good policy, thrown instead of returned.
error(policy { api = 1, id = "t", permit { id = "a" } })
