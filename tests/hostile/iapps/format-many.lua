-- expect: FAIL
return (("%s"):rep(1e6)):format(table.unpack({ "x" }, 1, 1e6))
