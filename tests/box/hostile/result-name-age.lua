-- expect: OK
pcall(task.result.write, task.result, "result.age", "mine")
pcall(task.result.write, task.result, "Result.json", "mine")
