-- expect: OK "false"
local f
f = coroutine.wrap(function() return f() end)
return (pcall(f))
