-- Trees that come and go: the allocator and the collector.
local function tree(depth)
    if depth == 0 then
        return {}
    end
    return { tree(depth - 1), tree(depth - 1) }
end
local function count(t)
    return t[1] and 1 + count(t[1]) + count(t[2]) or 1
end
local long, n = tree(15), 0
for _ = 1, 40 do
    n = n + count(tree(13))
end
return n + count(long)
