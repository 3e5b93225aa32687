-- expect: OK "0"
local n = 0
for _, f in ipairs { "i17", "i0", "!17i4", "!3i4", "c2147483648", "Xz", "X", "i16i17", "!0", "I17" } do
    if pcall(string.pack, f, 1, 1) then n = n + 1 end
end
return n
