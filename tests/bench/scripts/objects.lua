-- Closures, metatables, methods, varargs.
local Point = {}
Point.__index = Point
Point.__add = function(a, b) return setmetatable({ x = a.x + b.x, y = a.y + b.y }, Point) end
function Point:length2() return self.x * self.x + self.y * self.y end
local function sum(...)
    local s = 0
    for i = 1, select("#", ...) do
        s = s + (select(i, ...))
    end
    return s
end
local p, n = setmetatable({ x = 0, y = 0 }, Point), 0
for i = 1, 2000000 do
    p = p + setmetatable({ x = i % 3, y = 1 }, Point)
    local f = function() return p:length2() end
    n = (n + f() + sum(1, 2, i)) % 1000003
end
return n
