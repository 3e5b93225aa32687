# Faults under commands: the programs with memory and a clock that fail when they are told to (shim.c), and who tells them and judges.
FAULTS := $(patsubst %,$O/faults/%,enclua keeper faults)
FAULTS_WRAP := $(if $(SAN),$(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc time))

$O/faults/enclua: $(call OBJ,tests/faults/shim.c $(TOOL_SRC)) $O/core.a
$O/faults/keeper: $(call OBJ,tests/faults/shim.c) $O/obj/tools/keeper/main.o $O/core.a
$O/faults/faults: $(call OBJ,$(patsubst %,tests/faults/%.c,faults judge inject calls tree hardship))
$(FAULTS):
	$(call say,TEST,$@)
	$Qmkdir -p $(@D)
	$Q$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) $(if $(filter %/faults,$@),,$(FAULTS_WRAP)) -o $@ $^ $(if $(filter %/faults,$@),,$(LIBS))
