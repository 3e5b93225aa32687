-- expect: OK "ok"
rawset(_G, "tostring", function() return "ok" end)
print({}, nil, 1)
return 5
