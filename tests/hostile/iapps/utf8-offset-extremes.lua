-- expect: OK "true"
return utf8.offset("añb", math.maxinteger) == nil and utf8.offset("añb", math.mininteger) == nil
