-- expect: OK "false"
return (pcall(load("x = 1", "x", "t", nil)))
