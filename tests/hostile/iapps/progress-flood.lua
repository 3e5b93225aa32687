-- expect: OK LIMIT
for i = 1, 3e6 do task:progress((i % 1000) / 1000) end
return "ok"
