-- expect: OK "0"
local csv, n = require "csv", 0
for _, s in ipairs { "a,b\n\"", "a,b\n1,2,3\n", "a,b\n\"x\"y,2\n", "a,b\nx\"y,2\n", "a,b\n1\n", "a,a\n1,2\n" } do
    if pcall(function() for _ in csv.rows(s) do end end) then n = n + 1 end
end
return n
