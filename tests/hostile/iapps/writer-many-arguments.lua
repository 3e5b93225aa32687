-- expect: OK "true"
-- More pieces at once than the stack holds, and one that is no text in the middle.
local w = task.result:open("w")
local pieces = {}
for i = 1, 200000 do pieces[i] = "" end
w:write(table.unpack(pieces))
pieces[100000] = {}
local ok = pcall(w.write, w, table.unpack(pieces))
w:close() w:close()
return tostring(not ok and not pcall(w.write, w, "x"))
