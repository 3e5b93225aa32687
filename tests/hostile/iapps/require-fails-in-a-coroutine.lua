-- expect: OK "2 2"
-- A module that raises while a coroutine loads it, which nobody closes: the next who asks for it gets the same error, not "requires itself".
local function message() local co = coroutine.create(function() return require "json_missing" end) return select(2, coroutine.resume(co)) end
local same = 0
for _ = 1, 50 do if message():find("not found", 1, true) then same = same + 1 end end
local ok, m = pcall(require, "json_missing")
return (same == 50 and 2 or same) .. " " .. (m:find("not found", 1, true) and require("json").encode(2) or m)
