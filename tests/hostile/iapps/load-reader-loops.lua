-- expect: LIMIT
return load(function() return " " end)
