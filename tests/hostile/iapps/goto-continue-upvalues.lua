-- expect: OK "1,2,3"
local fs = {}
do
    local i = 1
    ::again::
    local k = i
    fs[#fs + 1] = function() return k end
    i = i + 1
    if i <= 3 then goto again end
end
return fs[1]() .. "," .. fs[2]() .. "," .. fs[3]()
