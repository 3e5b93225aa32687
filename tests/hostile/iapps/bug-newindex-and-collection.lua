-- expect: SAME
-- An assignment through a chain of metatables of which nobody else holds one (5.4.7).
local n = 0
for i = 1, 300 do
    local last = {}
    local top = last
    for _ = 1, 20 do top = setmetatable({}, { __newindex = top }) end
    for k = 1, 20 do top["key" .. k .. ("x"):rep(k)] = { k } end
    for _ in pairs(last) do n = n + 1 end
    local t = setmetatable({}, {})
    getmetatable(t).__newindex = function(self, k, v) setmetatable(self, nil) local _ = ("g"):rep(1000) .. i rawset(self, k, v) end
    t[i] = {}
    n = n + (t[i] and 1 or 0)
end
return n
