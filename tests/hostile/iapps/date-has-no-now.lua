-- expect: OK "0"
local n = 0
for name, f in pairs(require "date") do
    if name == "now" or name == "clock" or name == "today" then n = n + 1 end
end
return n
