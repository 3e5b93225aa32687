-- expect: OK "y,c"
local log = {}    -- log[1] is set twice
local co = coroutine.wrap(function()
    log[#log + 1] = select(2, pcall(table.sort, { 3, 1, 2 }, function() coroutine.yield() end)):match("attempt to yield") and "b"
    log[#log + 1] = select(2, pcall(string.gsub, "x", ".", function() coroutine.yield() end)):match("attempt to yield") and "c"
    pcall(function() coroutine.yield("y") end)
end)
log[#log + 1] = co()
return table.concat(log, ",")
