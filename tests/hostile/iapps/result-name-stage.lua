-- expect: OK
task.result:write(".enclua-0000000000000000", "x")
task.result:write(".bashrc", "x")
task.result:write("-rf", "x")
task.result:write("con", "x")
task.result:write("a b ; rm -rf ~ `id` $(id)", "x")
