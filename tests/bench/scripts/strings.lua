-- Small strings made, kept as keys, taken apart and put together.
local words, n = {}, 0
for i = 1, 300000 do
    local w = ("w%d"):format(i * 7919 % 50021)
    words[w] = (words[w] or 0) + 1
    n = n + #w
end
local parts = {}
for w, c in pairs(words) do
    parts[#parts + 1] = w .. "=" .. c
end
table.sort(parts)
local text = table.concat(parts, ",")
for a, b in text:gmatch("w(%d+)=(%d+)") do
    n = n + #a + tonumber(b)
end
return n + #text:gsub("w", "xy"):upper()
