-- expect: FAIL OK "false"
local function f() return coroutine.wrap(f)() end
return (pcall(f))
