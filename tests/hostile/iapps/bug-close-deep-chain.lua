-- expect: OK "true"
-- A coroutine that closes another when it is closed, and so on a thousand times (5.4.4).
local last = false
for _ = 1, 1000 do
    local before = last
    last = coroutine.create(function()
        local c <close> = setmetatable({}, { __close = function() if before then assert(coroutine.close(before)) end end })
        coroutine.yield()
    end)
    assert(coroutine.resume(last))
end
local ok, m = coroutine.close(last)
return tostring(not ok and tostring(m):find("C stack overflow", 1, true) ~= nil)
