-- expect: OK
-- with: secret other
print(task:secret(1))
task:log("%s", task:secret(1))
task.result:write(task:secret(1), task:secret(1))
