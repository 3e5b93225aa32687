-- expect: OK "b a|r1 r2|z"
-- A loop left by break, goto and return closes its fourth value, once; a yield in it keeps the results (5.4.3, 5.4.4).
local out = {}
local function closing(name) return setmetatable({}, { __close = function() out[#out + 1] = name end }) end
local function each(name) return function(_, i) i = i + 1 if i < 5 then return i end end, nil, 0, closing(name) end
for _ in each "b" do break end
for _ in each "a" do goto done end
::done::
local co = coroutine.wrap(function()
    return (function(...)
        local c <close> = setmetatable({}, { __close = function() coroutine.yield("y") end })
        return ...
    end)("r1", "r2")
end)
co()
local r = table.concat({ co() }, " ")
local f = (function() for _ in each "z" do return "z" end end)()
return table.concat({ out[1], out[2] }, " ") .. "|" .. r .. "|" .. f .. (#out == 3 and "" or "?")
