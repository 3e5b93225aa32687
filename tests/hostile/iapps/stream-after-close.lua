-- expect: OK "false,false,true"
-- with: data
local s = task.data:open("big.txt")
local lines = s:lines()
s:close()
return tostring((pcall(s.read, s))) .. "," .. tostring((pcall(lines))) .. "," .. tostring((pcall(s.close, s)))
