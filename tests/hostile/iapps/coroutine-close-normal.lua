-- expect: OK "false"
local outer
outer = coroutine.create(function()
    local inner = coroutine.create(function() return pcall(coroutine.close, outer) end)
    return select(2, coroutine.resume(inner))
end)
return select(2, coroutine.resume(outer))
