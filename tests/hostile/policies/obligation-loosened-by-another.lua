-- expect: permit a b {"max_uses":3,"log":"none","egress":[]}
-- expect: permit! a b
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- The second permit would undo what the first one obliges to.
return policy { api = 1, id = "t", permit { id = "a", oblige { max_uses = 3, log = "none", egress = {} } },
    permit { id = "b", oblige { max_uses = 1000000, log = "full", egress = { "https:evil.example" } } } }
