-- expect: OK "function"
return type((load("local a = {} return function() return a" .. (".b"):rep(100000) .. " end")))
