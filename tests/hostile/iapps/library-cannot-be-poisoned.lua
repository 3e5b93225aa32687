-- expect: OK "fine"
string.format, string.rep, table.concat, table.sort, math.floor = nil, nil, nil, nil, nil
rawset(_G, "tostring", nil)
rawset(_G, "pairs", function() error("poison") end)
task.result:write("x", "y")
pcall(task.log, task, "x %d", 1)
rawset(_G, "tostring", function() return "fine" end)
return 0
