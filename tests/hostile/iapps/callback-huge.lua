-- expect: LIMIT
task.result:callback(("x"):rep(900000))
