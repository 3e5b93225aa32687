-- expect: OK "done"
-- cve: CVE-2021-32626
-- manifest: limits: {memory: 96MiB, cpu: 5s, wall: 20s, output: 1MiB}
-- The handler of an error stood where the stack had ended (5.4.6).
local function fill(n, f) return pcall(function(...) return f(...) end, table.unpack({}, 1, n)) end
for _, n in ipairs { 900000, 990000, 999000, 999700, 999800, 999850, 999900, 999950 } do
    fill(n, function(...) return xpcall(error, function(m) return { m } end, ...) end)
    fill(n, function() return xpcall(function() return nil + 1 end, function(m) return tostring(m) .. ("x"):rep(100) end) end)
end
return "done"
