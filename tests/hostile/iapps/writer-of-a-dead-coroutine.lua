-- expect: OK "done"
-- Writers that belong to coroutines which never go on, or died.
for i = 1, 40 do
    local co = coroutine.create(function()
        local w <close> = task.result:open("dead/" .. i)
        w:write("x")
        if i % 2 == 0 then error("dead") end
        coroutine.yield(w)
    end)
    local _, w = coroutine.resume(co)
    if i % 3 == 0 then coroutine.close(co) end
    if i % 2 == 1 and i % 3 ~= 0 then w:write("y") end
end
return "done"
