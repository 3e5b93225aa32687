-- expect: OK "nested"
local ok, f = pcall(require, "main")
return ok and type(f) == "function" and "nested" or tostring(f)
