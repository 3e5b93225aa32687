-- expect: OK "done" or LIMIT
-- Cycles, depth, keys that are tables, names that would end a text, metatables that run code.
local inspect = require "inspect"
local f = type(inspect) == "function" and inspect or inspect.inspect or inspect.text or select(2, next(inspect))
local cycle = {}
cycle.a, cycle[cycle] = cycle, cycle
local deep = {}
local at = deep
for _ = 1, 5000 do at.x = {} at = at.x end
for _, v in ipairs { cycle, deep, "\27[2J\0\u{202e}", 0 / 0, print, coroutine.create(print), task, task.data or 1, setmetatable({}, { __tostring = function() error("x") end, __pairs = function() error("y") end, __index = error, __len = function() return math.maxinteger end }),
    { [0 / 1] = 1, [1.5] = 2, [print] = 3, ["a b"] = 4, ["end"] = 5, ["\n"] = 6 }, setmetatable({}, { __metatable = {} }) } do
    pcall(f, v)
    pcall(f, v, { depth = math.maxinteger })
    pcall(f, v, math.maxinteger)
end
return "done"
