local t = require "test"

t.case("says hello", function()
    local r = t.run {
--@if args
        args = { name = "Ada" },
--@end
--@if data
        data = t.files { ["note.txt"] = "four" },
--@end
--@if bulk
        data = { t.files { ["a.txt"] = "four" }, t.files { ["b.txt"] = "seven" } },
--@end
--@if files
        files = { ["notes.txt"] = "public" },
--@end
--@if secrets
        secrets = { "s3cret" },
--@end
--@if app-secret
        app_secret = "of the author",
--@end
    }
--@if args
    t.equal(r.files["hello.txt"]:match("^[^\n]*"), "Hello, Ada!")
--@end
--@if !args
    t.equal(r.files["hello.txt"]:match("^[^\n]*"), "Hello!")
--@end
--@if lib
    assert(r.files["hello.txt"]:find("Nice to see you, stranger.", 1, true))
--@end
--@if data bulk
    assert(r.files["hello.txt"]:find("1 leaves, 4 bytes", 1, true))
--@end
--@if files
    assert(r.files["hello.txt"]:find("file notes.txt: 6 bytes", 1, true))
--@end
--@if secrets
    assert(r.files["hello.txt"]:find("secret 1: given", 1, true) and not r.files["hello.txt"]:find("s3cret", 1, true))
--@end
--@if app-secret
    assert(r.files["hello.txt"]:find("secret of the author: given", 1, true))
--@end
end)
