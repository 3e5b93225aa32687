-- expect: OK "300000,nil,nil,"
-- with: data
local s = task.data:open("big.txt")
local a = s:read(math.maxinteger)
return #a .. "," .. tostring(s:read(math.maxinteger)) .. "," .. tostring(s:read()) .. "," .. s:read("a")
