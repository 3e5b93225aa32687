-- expect: deny error:E_TASK ~ got a non-closable value
-- expect: deny error:E_TASK ~ got a non-closable value
-- question: {"purpose":"research"}
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- A table with __gc and __close in it is a table.
return policy { api = 1, id = "t", permit { id = "a", when = function()
    local gone <const> = { __gc = error, __close = error, __name = "x" }
    local closing <close> = gone
    return true
end } }
