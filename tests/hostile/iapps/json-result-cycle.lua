-- expect: OK "false"
local t = {}
t[1] = t
return (pcall(task.result.json, task.result, "x.json", t))
