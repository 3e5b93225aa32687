-- expect: OK "false"
task.result:write("a", "x")
return (pcall(task.result.write, task.result, "a", "y"))
