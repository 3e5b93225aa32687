-- expect: OK "0"
local n = 0
for _, s in ipairs { "[==[", "'\\x", "'\\u{", "'\\u{80000000}'", "--[[", "return 0x", "return 1e", "'\\400'", "\27Lua", "goto x", "::a:: ::a::", "break",
    "local x <const> = 1 x = 2", "local x <foo> = 1", "return ...)", "\0", "\xff" } do
    if load(s) then n = n + 1 end
end
return n
