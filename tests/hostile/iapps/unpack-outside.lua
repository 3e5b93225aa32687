-- expect: OK "0"
local n = 0
for _, a in ipairs { { "i4", "abc" }, { "z", "abc" }, { "s4", "\255\255\255\255x" }, { "s8", ("\255"):rep(8) }, { "i4", "abcd", 9 },
    { "i4", "abcd", math.maxinteger }, { "i16", ("\255"):rep(7) .. ("\1"):rep(9) } } do
    if pcall(string.unpack, a[1], a[2], a[3]) then n = n + 1 end
end
return n
