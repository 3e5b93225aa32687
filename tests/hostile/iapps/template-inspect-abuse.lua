-- expect: OK "ok"
local template, inspect = require "template", require "inspect"
local t = {}
t.t = t
t[t] = t
for _, m in ipairs { template, inspect } do
    if type(m) == "table" then
        for _, f in pairs(m) do if type(f) == "function" then pcall(f, t) pcall(f, "{{", t) pcall(f, "{% for %}", t) pcall(f, ("{{"):rep(10000), {}) pcall(f, "{{os}}", {}) end end
    end
    pcall(m, t)
end
return "ok"
