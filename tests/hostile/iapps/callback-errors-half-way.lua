-- expect: OK "10 2 3|1 2 3|true"
-- What was done before the error stays done; nothing else is.
local vec, csv = require "vec", require "csv"
local v = vec.from { 1, 2, 3 }
pcall(v.apply, v, function(x) if x == 2 then error("no") end return x * 10 end)
local w = vec.from { 1, 2, 3 }
for _, bad in ipairs { "x", {}, print, true } do pcall(w.map, w, function() return bad end) end
local same = true
for i = 1, 200 do
    local ok, m = pcall(csv.format, { { 1, setmetatable({}, { __tostring = function() error("e" .. i, 0) end }) } })
    same = same and not ok and m == "e" .. i
end
return ("%d %d %d|%d %d %d|%s"):format(v[1], v[2], v[3], w[1], w[2], w[3], tostring(same))
