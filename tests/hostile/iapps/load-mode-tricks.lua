-- expect: OK "nil,nil,nil"
local a = load("\27Lua", "x", "bt")
local b = load("\27Lua", "x", "b\0t")
local c = load(function() return "\27Lua" end, "x", "tb")
return tostring(a) .. "," .. tostring(b) .. "," .. tostring(c)
