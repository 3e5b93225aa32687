-- expect: OK "0"
-- Many pieces in one concatenation, numbers among them, around the length at which a text is kept short (5.4.6).
local wrong = 0
for n = 1, 120 do
    local parts = {}
    for i = 1, n do parts[i] = i % 3 == 0 and "7" or "'a'" end
    local s = load("return " .. table.concat(parts, " .. "))()
    if #s ~= n then wrong = wrong + 1 end
end
for n = 30, 50 do
    local s = ("x"):rep(n)
    if (s .. 1.5 .. math.mininteger .. s) ~= table.concat { s, "1.5", "-9223372036854775808", s } then wrong = wrong + 1 end
end
return wrong
