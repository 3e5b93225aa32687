-- expect: OK "false"
return (pcall(load, function() return {} end)) and load(function() error("x") end) ~= nil
