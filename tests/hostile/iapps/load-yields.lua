-- expect: OK "false"
return (coroutine.wrap(function() return pcall(load, function() coroutine.yield("out") end) end)()) == "out"
