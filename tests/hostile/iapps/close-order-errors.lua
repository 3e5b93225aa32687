-- expect: OK "3<2<1"
local function c(n) return setmetatable({}, { __close = function(_, e) error((e and e .. "<" or "") .. n, 0) end }) end
return select(2, pcall(function()
    local a <close> = c(1)
    local b <close> = c(2)
    local d <close> = c(3)
end))
