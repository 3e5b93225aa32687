-- expect: OK "true"
local t = { ("%99.99f"):format(-1.7976931348623157e308), ("%a"):format(5e-324), ("%.99g"):format(2 ^ -1074), ("%q"):format(0 / 0),
    ("%q"):format(math.mininteger), ("%q"):format(-1 / 0), ("%5.3s|"):format("abcdef"), ("%i"):format(3.0) }
return #t == 8 and #t[1] > 400
