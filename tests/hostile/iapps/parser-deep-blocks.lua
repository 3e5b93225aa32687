-- expect: OK "nil"
return tostring((load(("do "):rep(100000) .. ("end "):rep(100000))))
