-- expect: OK "0"
local json, n = require "json", 0
for _, v in ipairs { 0 / 0, 1 / 0, print, coroutine.create(print), "\xff", { 1, x = 2 }, { [{}] = 1 }, { [1.5] = 1 }, { [true] = 1 }, { "\xed\xa0\x80" } } do
    if pcall(json.encode, v) then n = n + 1 end
end
return n
