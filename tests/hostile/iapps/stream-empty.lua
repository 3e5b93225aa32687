-- expect: OK ",nil,nil,0"
-- with: data
local s = task.data:open("empty.txt")
return s:read("a") .. "," .. tostring(s:read(0)) .. "," .. tostring(s:read("l")) .. "," .. s:seek("end")
