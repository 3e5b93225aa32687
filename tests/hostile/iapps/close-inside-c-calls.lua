-- expect: OK "done"
-- Closing variables and errors that pass through C functions of ours on their way.
local vec, csv, n = require "vec", require "csv", 0
local function guard() return setmetatable({}, { __close = function() n = n + 1 local _ = csv.format { { n } } vec.new(3):sort() end }) end
for i = 1, 200 do
    pcall(vec.map, vec.from { 1, 2 }, function() local g <close> = guard() if i % 2 == 0 then error("x") end return 1 end)
    pcall(csv.format, { { setmetatable({}, { __tostring = function() local g <close> = guard() error("y") end }) } })
    pcall(table.sort, { 3, 2, 1 }, function(a, b) local g <close> = guard() if a == 2 then error("z") end return a < b end)
    pcall(string.gsub, "abc", ".", function() local g <close> = guard() error("w") end)
end
return n > 600 and "done" or n
