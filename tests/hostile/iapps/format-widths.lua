-- expect: OK "0"
local n = 0
for _, f in ipairs { "%100d", "%.100f", "%*d", "%n", "%", "%1$d", "%ls", "%lld", "%hhn", "%p", "%999s", "%#p" } do
    if pcall(string.format, f, 1) then n = n + 1 end
end
return n
