-- expect: OK "true"
local all = {}
for i = 0, 255 do all[#all + 1] = string.char(i) end
local s = table.concat(all)
return load("return " .. ("%q"):format(s))() == s
