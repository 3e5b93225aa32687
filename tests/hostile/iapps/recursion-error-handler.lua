-- expect: OK "false"
return (xpcall(function() error("x") end, function(m) return error(m) end))
