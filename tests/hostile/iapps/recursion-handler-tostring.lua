-- expect: FAIL
error(setmetatable({}, { __tostring = function(t) return tostring(t) end }))
