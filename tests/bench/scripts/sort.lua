-- A million numbers made by a generator, sorted with and without a comparison function.
local t, s = {}, 42
for i = 1, 400000 do
    s = s * 16807 % 2147483647
    t[i] = s
end
local u = table.move(t, 1, #t, 1, {})
table.sort(t)
table.sort(u, function(a, b) return a > b end)
return t[1] + u[1]
