-- expect: permit a
-- question: {"purpose":"a.*%f[b"}
-- expect: deny no-permit
-- question: {"purpose":"axxb"}
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- has, starts and ends take texts as they are: a malformed pattern is no error, and a clever one no match.
return policy { api = 1, id = "t", permit { id = "a", when = function(r)
    return has(r.purpose, ".*%f[") and starts(r.purpose, "a.*") and ends(r.purpose, "%f[b")
end } }
