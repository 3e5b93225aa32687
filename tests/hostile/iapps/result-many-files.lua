-- expect: LIMIT
for i = 1, 1e6 do task.result:write("f" .. i, "") end
