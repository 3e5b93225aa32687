-- expect: OK "ok"
for i = 1, 200000 do pcall(task.result.write, task.result, "../x", "y") end
return "ok"
