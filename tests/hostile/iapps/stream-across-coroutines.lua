-- expect: OK "300000"
-- with: data
local s, n = task.data:open("big.txt"), 0
local co = coroutine.wrap(function() while true do local x = s:read(1000) if not x then return end coroutine.yield(#x) end end)
for k in co do n = n + k end
return n
