-- expect: OK "[1,2]"
-- Tables are read raw: no metamethod runs, and none can change what is being written.
local json, ran = require "json", 0
local hit = function() ran = ran + 1 return nil end
local t = setmetatable({ 1, 2 }, { __index = hit, __len = hit, __pairs = hit, __tostring = hit, __call = hit, __eq = hit, __lt = hit })
local s = json.encode(t)
json.encode({ a = t, b = setmetatable({}, { __len = hit, __index = hit }) })
return ran == 0 and s or "ran"
