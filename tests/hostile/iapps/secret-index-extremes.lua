-- expect: OK "nil,false,false,false"
-- with: secret
return tostring(task:secret(64)) .. "," .. tostring((pcall(task.secret, task, 0))) .. "," .. tostring((pcall(task.secret, task, -1))) .. "," ..
    tostring((pcall(task.secret, task, 1 << 32)))
