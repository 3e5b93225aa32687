-- The same in plain Lua, without quotes: what a script does that has no csv module. arg[1]: the file.
local sum, first = 0, true
for line in io.lines(arg[1]) do
    if first then
        first = false
    else
        local i, value = 0, nil
        for field in line:gmatch("[^,]*") do
            i = i + 1
            value = field
        end
        sum = sum + (tonumber(value) or 0)
    end
end
print(("%.2f"):format(sum))
