-- expect: OK "nil"
return tostring((load(("return function() "):rep(10000) .. ("end "):rep(10000))))
