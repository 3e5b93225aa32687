-- expect: OK "true"
local s = "hello"
return s:sub(math.mininteger, math.maxinteger) == s and s:sub(math.maxinteger) == "" and s:sub(-math.maxinteger, 1) == "h"
