-- expect: OK "false"
return (pcall(coroutine.yield, 1))
