-- expect: LIMIT
-- Where a list is as long as it says, a loop over it ends by its processor time.
local t = { [math.maxinteger] = 1 }
for bit = 62, 0, -1 do t[1 << bit] = 1 end
for i = 1, #t do local _ = t[i] end
