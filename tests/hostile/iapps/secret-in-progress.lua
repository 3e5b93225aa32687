-- expect: OK
-- with: secret other
for i = 1, #task:secret(1) do pcall(task.progress, task, task:secret(1):byte(i) / 256, task:secret(1)) end
