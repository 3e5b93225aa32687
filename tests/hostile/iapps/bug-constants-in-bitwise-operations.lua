-- expect: OK "0"
-- 1 ~ (2 or 3) behind more constants than an instruction can name (5.4.4).
local wrong = 0
for _, n in ipairs { 0, 100, 250, 255, 256, 257, 300, 1000 } do
    local t = {}
    for i = 1, n do t[i] = ("local _ = 'c%d'"):format(i) end
    for _, op in ipairs { "~", "|", "&", "<<", ">>", "==", "<", "+", "//" } do
        local expression = ("(1 %s (2 or 3))"):format(op)
        local f = load("do " .. table.concat(t, " end do ") .. " end return " .. expression)
        if f() ~= load("local a, b = 1, 2 return (a " .. op .. " b)")() then wrong = wrong + 1 end
    end
end
return wrong
