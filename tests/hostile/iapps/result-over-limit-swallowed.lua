-- expect: LIMIT
while true do pcall(task.result.write, task.result, "x" .. math.random(1 << 40), ("x"):rep(300000)) end
