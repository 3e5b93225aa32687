-- expect: FAIL
error(coroutine.create(print))
