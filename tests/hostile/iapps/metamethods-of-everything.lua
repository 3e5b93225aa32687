-- expect: OK "true"
local calls = 0
local m = {}
for _, k in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot", "concat", "len", "eq", "lt", "le", "index",
    "newindex", "call", "close", "tostring", "name", "pairs", "mode", "gc", "metatable" } do
    m["__" .. k] = function() calls = calls + 1 error(m, 0) end
end
local t = setmetatable({}, m)
local u = rawequal(getmetatable(t), m)
for _, f in ipairs { function() return t + 1 end, function() return #t end, function() return t .. t end, function() return t < t end, function() t.x = 1 end,
    function() return t() end, function() return tostring(t) end, function() return pairs(t) end, function() return -t end, function() return t[1] end } do
    local ok = pcall(f)
    if ok then return "no error" end
end
return calls == 10 or calls
