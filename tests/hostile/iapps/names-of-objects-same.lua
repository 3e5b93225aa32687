-- expect: SAME
local out = {}
for i = 1, 20 do
    local keep = {}
    for k = 1, i * 100 do keep[k] = {} end
    out[#out + 1] = tostring(keep) .. tostring(print) .. tostring(coroutine.create(print)) .. tostring(task.result) .. tostring(keep[i])
end
return table.concat(out, ",")
