-- expect: OK "false"
return (pcall(string.packsize, ("c2147483647"):rep(3)))
