-- expect: OK "done"
local co
co = coroutine.create(function()
    local x <close> = setmetatable({}, { __close = function() coroutine.resume(co) pcall(coroutine.close, co) end })
    coroutine.yield()
end)
coroutine.resume(co)
coroutine.close(co)
coroutine.close(co)
return "done"
