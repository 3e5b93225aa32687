-- expect: OK "4"
local n = 0
local function c() return setmetatable({}, { __close = function() n = n + 1 end }) end
for _ = 1, 2 do
    local x <close> = c()
    do
        local y <close> = c()
        goto done
    end
    ::done::
    if n == 3 then break end
end
return n
