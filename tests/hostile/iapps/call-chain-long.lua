-- expect: OK FAIL
local t = print
for i = 1, 300 do t = setmetatable({}, { __call = t }) end
return t()
