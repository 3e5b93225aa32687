-- expect: OK "nil"
return tostring((load("return 1 \27LuaT\0\x19\x93")))
