-- expect: FAIL
local t = "end"
for i = 1, 300 do
    local inner = t
    t = setmetatable({}, { __tostring = function() return tostring(inner) end })
end
return tostring(t)
