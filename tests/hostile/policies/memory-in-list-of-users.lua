-- expect: deny error:E_INVALID ~ more than 256 entries
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local users = {}
for i = 1, 100000 do users[i] = "enclua1" .. tostring(i) end
return policy { api = 1, id = "t", permit { id = "a", users = users } }
