-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- The largest answer that rules can make: names, reasons, conditions and what is missing, all at their longest, in characters that JSON has to escape.
local long = '"'
for _ = 1, 6 do long = long .. long end
local because = long .. long
local function rule(i)
    return permit { id = "r" .. tostring(i) .. "-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", because = because, purposes = { "marketing" }, not_before = "2999-01-01", not_after = "1999-01-01",
        min_assurance = "cvm", when = function() error(because) end }
end
local function rules(n) if n == 0 then return end return rule(n), rules(n - 1) end
return policy { api = 1, id = "t", rules(64) }
