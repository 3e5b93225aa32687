-- expect: OK "true"
local x = math.random(math.mininteger, math.maxinteger)
return math.type(x) == "integer" and math.type(math.random(0)) == "integer" and math.random() < 1
