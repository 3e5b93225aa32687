-- expect: SAME
local t, out = {}, {}
for i = 1, 40 do
    t[{}], t[function() return i end], t[coroutine.create(print)], t["s" .. i], t[i + 0.5], t[1 << i] = i, i, i, i, i, i
end
t[true], t[print], t[string.format], t[1 / 0] = 1, 2, 3, 4
for k, v in pairs(t) do out[#out + 1] = type(k) .. v end
return table.concat(out, ",")
