-- expect: OK "nilnil"
return tostring(task:secret(1)) .. tostring(task:app_secret())
