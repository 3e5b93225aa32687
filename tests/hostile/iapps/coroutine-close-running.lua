-- expect: OK "false"
local co
co = coroutine.create(function() return pcall(coroutine.close, co) end)
return select(2, coroutine.resume(co))
