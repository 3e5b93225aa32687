-- expect: OK FAIL
task.result:write("\u{202e}gpj.exe", "x")
task.result:write("a\u{85}b\u{9b}31m", "x")
