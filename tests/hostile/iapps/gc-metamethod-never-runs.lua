-- expect: OK "0"
local n = 0
for i = 1, 200000 do setmetatable({}, { __gc = function() n = n + 1 end }) end
local m = {}
local t = setmetatable({}, m)
m.__gc = function() n = n + 1 end
t = nil
for i = 1, 200000 do local _ = {} end
return n
