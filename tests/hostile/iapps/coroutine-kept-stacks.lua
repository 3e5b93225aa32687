-- expect: LIMIT
local t = {}
for i = 1, 1e6 do
    local co = coroutine.create(function() local function f(n) if n > 0 then f(n - 1) return 1 end coroutine.yield() end f(1000) end)
    coroutine.resume(co)
    t[i] = co
end
