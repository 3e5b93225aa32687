-- expect: FAIL LIMIT
return (("abc"):gsub(".", setmetatable({}, { __index = function(t, k) return t[k .. k] end })))
