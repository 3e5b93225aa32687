-- expect: OK "false"
return (pcall(string.gsub, "abc", ".", "%2")) or (pcall(string.gsub, "abc", ".", "%z"))
