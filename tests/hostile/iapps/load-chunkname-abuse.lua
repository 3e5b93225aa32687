-- expect: OK "true"
local _, e = load("x x", ("\27[31m"):rep(10000))
local _, f = load("x x", "@" .. ("y"):rep(100000))
return #e < 300 and #f < 300
