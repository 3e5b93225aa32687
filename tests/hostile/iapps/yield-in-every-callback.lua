-- expect: OK "0"
-- A yield in a function that a C function of ours called: refused, and what was called goes on working.
local vec, matrix, csv, template, stats = require "vec", require "matrix", require "csv", require "template", require "stats"
local v, m = vec.from { 3, 1, 2 }, matrix.from_rows { { 1, 2 }, { 3, 4 } }
local y = coroutine.yield
local shows = setmetatable({}, { __tostring = function() return y("x") end, __name = "n", __len = function() return y(1) end, __index = function() return y(1) end })
local passed = 0
for _, f in ipairs { function() v:map(y) end, function() v:apply(y) end, function() m:map(y) end, function() m:apply(y) end, function() csv.format { { shows } } end, function() csv.format({ { a = shows } }, { header = { "a" } }) end,
    function() task:log(shows) end, function() print(shows) end, function() task:progress(0.1, shows) end, function() table.sort({ 1, 2, 3 }, y) end, function() ("x"):gsub("x", y) end, function() load(y) end,
    function() task.result:write(shows, "x") end, function() table.concat(setmetatable({}, getmetatable(shows))) end, function() csv.rows("a\n1", shows) end, function() csv.columns("a\n1", nil, shows) end, function() require("yields") end } do
    local co = coroutine.create(f)
    local ok = coroutine.resume(co)
    if ok and coroutine.status(co) == "suspended" and not coroutine.close(co) then passed = passed + 1 end
    if ok and coroutine.status(co) == "suspended" then passed = passed + 1 end
end
assert(v:map(math.abs)[3] == 2 and csv.format { { 1 } } == "1\n")
return passed
