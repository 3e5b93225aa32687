-- expect: OK "0"
local bad, n = { "%", "[", "[^", "[%", "%b", "%bx", "%f", "(", "%1", "(()", "[a-", "%9", "(%1)" }, 0
for _, p in ipairs(bad) do
    local ok = pcall(string.find, "aaa)", p)
    if ok then n = n + 1 end
end
return n
