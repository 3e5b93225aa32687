-- expect: LIMIT OK "false"
local function f() local x <close> = setmetatable({}, { __close = function() f() end }) return f() end
return (pcall(f))
