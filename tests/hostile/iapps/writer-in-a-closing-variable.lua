-- expect: FAIL
-- A result written while an error goes by, by a __close that errs itself; the error counts.
local w <close> = task.result:open("w")
local c <close> = setmetatable({}, { __close = function(_, e) w:write("closing ", tostring(e)) error("again") end })
w:write("begun ")
error("first")
