-- expect: OK "false"
return (pcall(string.find, ("a"):rep(40), ("(a)"):rep(33)))
