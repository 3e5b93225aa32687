-- expect: permit a {"max_uses":1}
-- expect: deny! obligation:max_uses
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local given, list = { max_uses = 1 }, { id = "a" }
list[1] = oblige(given)
local rule = permit(list)
given.max_uses, list[1] = 1000000, nil
return policy { api = 1, id = "t", rule, forbid { id = "f", when = function() given.max_uses = 1 << 50 rule.oblige = nil return false end } }
