-- expect: OK "ok"
-- with: data
local s = task.data:open("big.txt")
for i = 0, 300000, 977 do
    s:seek("set", i)
    assert(s:read(1) == (i < 300000 and "z" or nil))
    s:seek("end", -i)
    s:read(65537)
end
return "ok"
