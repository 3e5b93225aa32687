-- expect: OK "ok"
for i = 1, 200000 do coroutine.wrap(function() end)() end
return "ok"
