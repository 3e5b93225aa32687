-- expect: OK "false"
return (pcall(table.sort, setmetatable({}, { __len = function() return math.maxinteger end })))
