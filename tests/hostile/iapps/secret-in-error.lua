-- expect: FAIL
-- with: secret other
error("key: " .. task:secret(1) .. secret)
