-- expect: OK "ok"
local stats = require "stats"
for _, f in pairs(stats) do
    if type(f) == "function" then
        for _, a in ipairs { {}, { 0 / 0 }, { 1 / 0, -1 / 0 }, { "x" }, { 1, nil, 3 }, "x", { 1e308, 1e308 } } do pcall(f, a, a) pcall(f, a, -1) pcall(f, a, 1e18) end
    end
end
return "ok"
