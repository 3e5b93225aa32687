# Tests of evidence: programs that start the real helper, and a TPM.
TRUST_TESTS := $(patsubst %,$O/trust/%,tpm2 cvm helper)
trust_helper_CFLAGS := -Itools/attest-helper
trust_helper_OBJ := $(call OBJ,tools/attest-helper/sandbox.c)
trust_tpm2_LIBS := -lcrypto
trust_cvm_LIBS := -Wl,--wrap=mkdir -Wl,--wrap=rmdir -Wl,--wrap=open -lcrypto

$O/trust/helper: $(trust_helper_OBJ)
# What stands beside the enclave when it is installed stands beside these, too.
$(TRUST_TESTS): $O/trust/%: tests/trust/%.c $O/core.a | $O/enclave $O/attest-helper
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(ENCLUA_CFLAGS) -Itests $(trust_$(notdir $@)_CFLAGS) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(trust_$(notdir $@)_OBJ) $O/core.a $(trust_$(notdir $@)_LIBS) $(LIBS) -lcmocka
	$Qln -sf ../enclave ../attest-helper $(@D)/
