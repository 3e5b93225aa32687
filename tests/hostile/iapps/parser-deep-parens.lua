-- expect: OK "nil"
return tostring((load("return " .. ("("):rep(100000) .. "1" .. (")"):rep(100000))))
