-- expect: OK "2147483647nil1"
return tostring(utf8.codepoint(utf8.char(0x7fffffff), 1, 1, true)) .. tostring((utf8.len("\xff"))) .. tostring(select(2, utf8.len("\xff")))
