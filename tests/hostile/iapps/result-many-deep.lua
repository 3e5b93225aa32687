-- expect: LIMIT OK
for i = 1, 4000 do task.result:write(("d/"):rep(100) .. i, "") end
