-- expect: OK FAIL
local t = { 1 }
for k in pairs(t) do
    for i = 1, 1000 do t["x" .. i] = i end
end
return "ok"
