-- expect: OK "true,false"
local a = pcall(task.result.callback, task.result, "x")
local b = pcall(task.result.callback, task.result, "y")
return tostring(a) .. "," .. tostring(b)
