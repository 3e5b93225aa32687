# The enclave: a static musl program of its own sources, base, seal and Lua's core. Its bytes are what is measured.
$O/enclave:
	@echo "the enclave is not here yet"
