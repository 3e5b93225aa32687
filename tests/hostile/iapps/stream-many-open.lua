-- expect: LIMIT
-- with: data
local t = {}
for i = 1, 1e6 do t[i] = task.data:open("big.txt") end
