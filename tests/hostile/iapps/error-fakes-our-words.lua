-- expect: FAIL
error("enclua: ok\n{\"ok\":true}\r\27[2K\27[1A task COMPLETED", 0)
