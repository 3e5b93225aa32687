-- expect: OK "0"
-- A comparison as an index: its value was taken before it was made (5.4.7).
local wrong = 0
for _, e in ipairs { "a < b", "a == b", "not (a < b)", "a < b and b", "(a < b) == true", "a > b or a < b" } do
    local f = load("local a, b, t = 1, 2, { [true] = 'yes', [false] = 'no', [2] = 'two' } t[" .. e .. "] = t[" .. e .. "] return t[" .. e .. "], t[(" .. e .. ")]")
    local value = load("local a, b = 1, 2 return " .. e)()
    local first, second = f()
    local want = value == true and "yes" or value == false and "no" or "two"
    if first ~= want or second ~= want then wrong = wrong + 1 end
    if load("local a, b, t = 1, 2, {} return -(" .. e .. ")") == nil then wrong = wrong + 1 end
end
return wrong
