-- expect: LIMIT
while true do task:progress(0.5, ("x"):rep(1000)) end
