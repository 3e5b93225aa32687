-- expect: OK "true"
local _, a = pcall(function() local t = {} t() end)
local _, b = pcall(function() return {} .. "x" end)
local _, c = pcall(function() return #print end)
local _, d = pcall(ipairs)
return not (a .. b .. c .. d):find("0x")
