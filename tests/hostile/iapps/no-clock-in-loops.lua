-- expect: OK "nil,nil,nil,nil"
return tostring(os) .. "," .. tostring(io) .. "," .. tostring(debug) .. "," .. tostring(collectgarbage)
