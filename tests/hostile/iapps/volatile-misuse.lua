-- expect: OK "false,false"
return tostring((pcall(task.result.volatile, task.result, "nothing"))) .. "," .. tostring((pcall(task.result.volatile, task.result, {})))
