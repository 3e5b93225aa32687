-- expect: FAIL
error(setmetatable({}, { __name = "\27]0;pwned\7\r\n\0" }))
