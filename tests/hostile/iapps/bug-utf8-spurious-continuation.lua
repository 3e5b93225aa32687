-- expect: OK "0"
-- utf8.codes past bytes that continue nothing (5.4.4).
local passed = 0
for _, s in ipairs { "ab\x80", "\xff", "a\xbf\xbf", "\u{D7FF}\x80", "\xf4\x9f\xbf", "in\x80valid", "\xbfinvalid", "\u{7FFFFFFF}" } do
    if pcall(function() for _ in utf8.codes(s) do end end) then passed = passed + 1 end
end
return passed
