-- expect: OK "0"
local n = 0
for _, a in ipairs { { "ab", math.maxinteger }, { "a", math.maxinteger }, { "", math.maxinteger, "sep" }, { "a", 1 << 62, "b" } } do
    if pcall(string.rep, a[1], a[2], a[3]) then n = n + 1 end
end
return n
