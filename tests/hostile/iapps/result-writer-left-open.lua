-- expect: OK "left"
for i = 1, 50 do task.result:open("w" .. i):write("x", "y", "z") end
return "left"
