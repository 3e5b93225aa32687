-- expect: OK "true"
-- Coroutines that died in a require are closed in the middle of another one.
local dead = {}
for i = 1, 40 do
    dead[i] = coroutine.create(function() require("missing" .. i) end)
    coroutine.resume(dead[i])
end
local ok = pcall(require, "stats")
for i = 1, 40 do coroutine.close(dead[i]) end
return tostring(ok and pcall(require, "dp") and pcall(require, "date") and not pcall(require, "missing1"))
