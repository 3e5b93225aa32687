-- expect: OK "ok"
print("\0\27[2J\xff\r\n\n\n" .. ("\7"):rep(1000))
return "ok"
