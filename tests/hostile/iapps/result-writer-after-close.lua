-- expect: OK "false,true"
local w = task.result:open("w")
w:write("x")
w:close()
return tostring((pcall(w.write, w, "y"))) .. "," .. tostring((pcall(w.close, w)))
