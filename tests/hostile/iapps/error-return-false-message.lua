-- expect: FAIL
task.result:write("half", "x")
local _G_body = coroutine.running()
error("\u{202e}reversed\u{2066}", 0)
