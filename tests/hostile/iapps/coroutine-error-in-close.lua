-- expect: OK "false: inner"
local co = coroutine.create(function()
    local x <close> = setmetatable({}, { __close = function() error("inner", 0) end })
    coroutine.yield()
end)
coroutine.resume(co)
local ok, why = coroutine.close(co)
return tostring(ok) .. ": " .. tostring(why)
