-- expect: OK "nil,nil,nil"
return tostring(rawget(_G, "os")) .. "," .. tostring(rawget(_G, "exit")) .. "," .. tostring(rawget(_G, "warn"))
