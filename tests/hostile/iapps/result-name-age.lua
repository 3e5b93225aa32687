-- expect: OK "false,false,true"
local a = pcall(task.result.write, task.result, "result.age", "mine")
local b = pcall(task.result.write, task.result, "result.age/x", "mine")
local c = pcall(task.result.write, task.result, "Result.json", "mine")
return tostring(a) .. "," .. tostring(b) .. "," .. tostring(c)
