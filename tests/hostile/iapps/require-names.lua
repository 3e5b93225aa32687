-- expect: OK "0"
local n = 0
for _, name in ipairs { "", ".", "..", "../main", "/etc/passwd", "main\0x", "os", "io", "debug", "package", "main.lua", "\xff", ("a."):rep(10000), "a/../main", "string\0",
    "iapp.yaml", "MANIFEST" } do
    if pcall(require, name) then n = n + 1 end
end
return n
