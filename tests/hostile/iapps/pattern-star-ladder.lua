-- expect: LIMIT
return (("a"):rep(5000)):match(("a-"):rep(30) .. "b")
