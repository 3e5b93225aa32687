-- expect: FAIL
error()
