-- expect: OK "true"
return (pcall(string.find, ("a"):rep(300000), ("(a?"):rep(30) .. (")"):rep(30)))
