# service/: the program that checks signatures, at CPL 3, without Ruby. It is put into the hypervisor's image
# (process/service_image.S).

# libsodium: of it Ed25519 with SHA-512, and BLAKE2b, in plain C.
sodium := $(libsodium-source)/src/libsodium
sodium-defines := -DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 -DHAVE_TI_MODE=1 -DSODIUM_STATIC=1 \
	-I $(sodium)/include/sodium -I $(sodium)/crypto_generichash/blake2b/ref
sodium-names := crypto_core/ed25519/ref10/ed25519_ref10 crypto_sign/ed25519/ref10/open crypto_sign/ed25519/ref10/sign \
	crypto_hash/sha512/cp/hash_sha512_cp crypto_verify/sodium/verify \
	crypto_generichash/blake2b/ref/blake2b-ref crypto_generichash/blake2b/ref/blake2b-compress-ref

service-build := $(build)/service
service-flags := $(bare-flags) -ffunction-sections -fdata-sections -I include -I . -I service/headers
service-objects := $(addprefix $(service-build)/,service/start.o service/main.o service/sodium_hooks.o service/check.o service/minisign.o core/string.o \
	$(sodium-names:%=sodium/%.o))

$(service-build)/sodium/%.o: $(sodium)/%.c $(wildcard service/headers/*.h service/headers/*/*.h)
	$(call step,CC,libsodium/$(@F))
	@mkdir -p $(@D)
	$(Q)$(CC) $(service-flags) $(sodium-defines) -w -c -o $@ $<

$(service-build)/service/check.o: service-flags += $(sodium-defines) -Wno-strict-prototypes
$(service-build)/%.o: %.c
	$(call step,CC,$< for the service)
	@mkdir -p $(@D)
	$(Q)$(CC) $(service-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(service-build)/%.o: %.S
	$(call step,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(service-flags) $(depend-flags) -c -o $@ $<

-include $(service-objects:.o=.d)

$(build)/verify.elf: service/service.lds $(service-objects)
	$(call step,LINK,$@)
	$(Q)$(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none --strip-debug --gc-sections \
		-T service/service.lds -o $@ $(service-objects)

# The same for programs of this machine.
sodium-host := $(sodium-names:%=$(build)/sodium/%.o) $(build)/sodium/hooks.o

$(build)/sodium/%.o: $(sodium)/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 $(sodium-defines) -w -c -o $@ $<

$(build)/sodium/hooks.o: service/sodium_hooks.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -fno-builtin -I include -I . -c -o $@ $<

$(build)/sodium.a: $(sodium-host)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(build)/hypervisor/process/service_image.o: $(build)/verify.elf
$(build)/hypervisor/process/service_image.o: hypervisor-flags += -DSERVICE_PROGRAM='"$(build)/verify.elf"'
