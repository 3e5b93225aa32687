-- expect: OK "true"
-- with: files
local all = { tostring({}), tostring(print), tostring(string.gsub), tostring(coroutine.create(print)), tostring(task.files["t.csv"]), ("%s"):format({}), ("%q"):format("x") }
for _, x in ipairs(all) do if x:find("0x") then return x end end
return true
