-- expect: OK "0"
local n = 0
for _, v in ipairs { {}, print, true } do
    if pcall(require, v) then n = n + 1 end
end
return n
