-- expect: SAME
local w, n = setmetatable({}, { __mode = "k" }), 0
for i = 1, 50000 do w[{}] = i end
for _ in pairs(w) do n = n + 1 end
return n
