-- expect: OK "false"
return (pcall(function() return ("x").nothing.more end))
