-- expect: FAIL
error("\xff\xfe\xed\xa0\x80" .. ("\x80"):rep(5000))
