-- expect: LIMIT
local w = task.result:open("w")
while true do w:write(("x"):rep(65536)) end
