-- expect: OK "id=x:B id=x:B"
-- __concat that makes the stack grow: what stood on it has moved (Debian's 5.4.4 prints id=).
local function d(n) if n == 0 then return 0 end return 1 + d(n - 1) end
local B = setmetatable({}, { __concat = function(l, r) d(200) return tostring(l) .. "B" end })
local co = coroutine.wrap(function() return "id=" .. "x" .. ":" .. B end)
return ("id=" .. "x" .. ":" .. B) .. " " .. co()
