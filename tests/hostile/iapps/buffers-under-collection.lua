-- expect: OK "true"
-- Text under construction in C while the script's own functions allocate and drop as much as they can.
local csv, template = require "csv", require "template"
local function noisy(i) return setmetatable({}, { __tostring = function() local t = {} for k = 1, 30 do t[k] = ("n"):rep(k * i % 900) end return "v" .. i end }) end
local rows, want = {}, {}
for i = 1, 600 do rows[i], want[i] = { noisy(i), noisy(i + 1) }, "v" .. i .. ",v" .. (i + 1) end
local same = csv.format(rows) == table.concat(want, "\n") .. "\n"
local s = ("x"):rep(300):gsub("x", function() local _ = ("y"):rep(10000) return tostring(noisy(7)) end)
return tostring(same and s == ("v7"):rep(300))
