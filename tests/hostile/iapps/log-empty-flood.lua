-- expect: LIMIT
while true do task:log("") end
