-- expect: OK "0"
local n = 0
for _, f in ipairs {
    function() return utf8.char(0x80000000) end, function() return utf8.char(-1) end, function() return utf8.codepoint("\xff") end,
    function() return utf8.codepoint("\xed\xa0\x80") end, function() return utf8.codepoint("\xf4\x90\x80\x80") end,
    function() return utf8.codepoint("abc", 1, 9) end, function() return utf8.codepoint("abc", math.mininteger) end,
    function() return utf8.offset("abc", 1, 9) end, function() return utf8.offset("\x80abc", 1) end,
    function() return utf8.len("abc", 9) end, function() for _ in utf8.codes("\xc0\x80") do end end,
    function() return utf8.codepoint(("a"):rep(1e6), 1, -1) end } do
    if pcall(f) then n = n + 1 end
end
return n
