-- expect: SAME
local t = {}
for i = 1, 2000 do t[i] = ("%.17g"):format(math.sin(i) * math.exp(i / 999) + math.log(i) ^ 0.3 + math.atan(i, 3) + i ^ 1.37) end
return table.concat(t, ",")
