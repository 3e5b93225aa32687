-- expect: OK "false,false"
task.result:write("a", "x")
task.result:write("b/c", "x")
return tostring((pcall(task.result.write, task.result, "a/b", "x"))) .. "," .. tostring((pcall(task.result.write, task.result, "b", "x")))
