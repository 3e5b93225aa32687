-- expect: OK "done"
-- Times far away, formats without end, fields that are no numbers.
local date = require "date"
local keys = {}
for k, f in pairs(date) do if type(f) == "function" then keys[#keys + 1] = k end end
table.sort(keys)
for _, k in ipairs(keys) do
    for _, a in ipairs { math.maxinteger, math.mininteger, 1 << 55, -(1 << 55), 0, 1e300, 0 / 0, "0000-00-00", "9999-99-99T99:99:99Z", "x", ("%Y"):rep(10000), {}, { year = math.maxinteger, month = 1, day = 1 }, { year = 2000, month = math.mininteger, day = 1e300 },
        { year = 2000, month = 13, day = "x" } } do
        pcall(date[k], a)
        for _, b in ipairs { "%", "%%", "%Q", ("%"):rep(999), "%Y", ("%Y"):rep(2000), math.maxinteger, {} } do pcall(date[k], a, b) end
    end
end
return "done"
