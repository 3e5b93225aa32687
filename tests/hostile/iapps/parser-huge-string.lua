-- expect: OK "4000000"
return #load("return [==[" .. ("x"):rep(4e6) .. "]==]")()
