-- expect: OK "false"
return (pcall(load("return x", "x", "t", 42)))
