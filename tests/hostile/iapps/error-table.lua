-- expect: FAIL
error({ message = "not yours", traceback = ("t"):rep(100000) })
