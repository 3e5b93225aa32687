-- expect: LIMIT
task.result:write("a", ("x"):rep(700000))
for i = 1, 70000 do print("0123456789") end
