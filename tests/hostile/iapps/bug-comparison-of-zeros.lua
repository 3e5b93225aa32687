-- expect: OK "0"
-- Texts with zeros in them are compared piece by piece; a read ran past the end (5.4.6).
local pieces, wrong = { "", "\0", "\0\0", "a", "a\0", "a\0b", "a\0\0", "a\0b\0", "\0a", ("x"):rep(50) .. "\0", ("x"):rep(50), ("x"):rep(50) .. "\0\0", "\xff\0", "\xff" }, 0
for _, a in ipairs(pieces) do
    for _, b in ipairs(pieces) do
        local less, same, i = false, a == b, 1
        while i <= #a and i <= #b and a:byte(i) == b:byte(i) do i = i + 1 end
        if i <= #b then less = i > #a or a:byte(i) < b:byte(i) end
        if (a < b) ~= less or (a <= b) ~= (less or same) then wrong = wrong + 1 end
    end
end
return wrong
