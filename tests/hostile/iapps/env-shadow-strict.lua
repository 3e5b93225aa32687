-- expect: FAIL
return undefined_name_of_the_world
