-- expect: LIMIT OK "true"
local s = ("("):rep(200000)
return s:find("%b()") == nil and s:find("%f[x]") == nil
