-- expect: FAIL
local _ENV = setmetatable({}, { __index = function(t, k) return t[k] end })
return nothing
