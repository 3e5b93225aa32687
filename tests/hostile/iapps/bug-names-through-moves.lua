-- expect: OK "true"
-- The name of what could not be called is looked for through every copy that was made of it (5.4.6).
local code = { "local a = nil " }
for _ = 1, 180 do code[#code + 1] = "local a = a " end
local ok, m = pcall(load(table.concat(code) .. "return a()"))
local ok2, m2 = pcall(load("local a = {} return a" .. (".b"):rep(5000)))
return tostring(not ok and not ok2 and #m + #m2 < 1000)
