-- expect: LIMIT OK
return #(""):rep(math.maxinteger)
