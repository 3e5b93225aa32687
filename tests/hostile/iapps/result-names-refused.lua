-- expect: OK "0"
local n = 0
for _, name in ipairs { "", "/", "/etc/passwd", "..", "../x", "a/../b", "./a", "a//b", "a/", ".", "a/.", "a\0b", "\0", "a\nb", "a\27b", "\xff", "\xc0\x80", "\xed\xa0\x80", "a\\b",
    "result.json", "log.txt", "result.json/x", "log.txt/x", ("a"):rep(256), ("a/"):rep(200) .. "b", ("a"):rep(101) .. "/" .. ("b"):rep(101) } do
    if pcall(task.result.write, task.result, name, "x") then n = n + 1 end
end
return n
