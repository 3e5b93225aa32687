-- expect: OK "function"
return type((load("local x = ... if x == 0 then return 0 " .. ("elseif x == 1 then return 1 "):rep(20000) .. "end")))
