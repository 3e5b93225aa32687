-- expect: OK "false"
return (pcall(load("local x <close> = 42")))
