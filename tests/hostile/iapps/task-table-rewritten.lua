-- expect: OK "fine"
local keep = task.result
for k in pairs(task) do task[k] = nil end
task.result = keep
rawset(_G, "tostring", function() return "fine" end)
return 1
