-- expect: FAIL
-- An error that names a line which no file has: the largest, one more, a negative one.
local ok, m = pcall(error, "main.lua:9223372036854775807: x", 0)
for _, line in ipairs { "0", "-1", "9223372036854775806", "9223372036854775808", "99999999999999999999999999", "1e5", " 7", "+7", "0x7" } do
    local co = coroutine.create(function() error("main.lua:" .. line .. ": x", 0) end)
    coroutine.resume(co)
end
error("main.lua:9223372036854775807: x", 0)
