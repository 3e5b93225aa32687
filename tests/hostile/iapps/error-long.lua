-- expect: FAIL
error(("\27[31mlong\0"):rep(60000))
