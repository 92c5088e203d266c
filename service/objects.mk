# service/: programs at CPL 3 without Ruby: verify checks signatures, keeper unlocks disks, unseal has a TPM give keys, echo
# stays, and so does network, the guest's way out by WireGuard. They are put into the hypervisor's image
# (process/service_image.S).

# libsodium: of it Ed25519, SHA-2, HMAC, BLAKE2b and Argon2, in plain C. Argon2's memory is of the arena.
sodium := $(libsodium-source)/src/libsodium
sodium-defines := -DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 -DHAVE_TI_MODE=1 -DSODIUM_STATIC=1 \
	-I $(sodium)/include/sodium -I $(sodium)/crypto_generichash/blake2b/ref -I $(sodium)/crypto_pwhash/argon2
sodium-arena := -Dmalloc=arena_allocate -Dfree=arena_free
sodium-common := crypto_hash/sha512/cp/hash_sha512_cp crypto_verify/sodium/verify \
	crypto_generichash/blake2b/ref/blake2b-ref crypto_generichash/blake2b/ref/blake2b-compress-ref
sodium-verify := crypto_core/ed25519/ref10/ed25519_ref10 crypto_sign/ed25519/ref10/open crypto_sign/ed25519/ref10/sign
sodium-keeper := crypto_hash/sha256/cp/hash_sha256_cp crypto_auth/hmacsha256/auth_hmacsha256 \
	crypto_auth/hmacsha512/auth_hmacsha512 crypto_generichash/blake2b/ref/generichash_blake2b \
	$(addprefix crypto_pwhash/argon2/,argon2 argon2-core argon2-fill-block-ref blake2b-long)
sodium-names := $(sodium-common) $(sodium-verify) $(sodium-keeper)
sodium-host-names := $(sodium-names) crypto_scalarmult/curve25519/ref10/x25519_ref10

service-build := $(build)/service
service-flags := $(bare-flags) -ffunction-sections -fdata-sections -I include -I . -I service/headers
service-common := service/start.o service/sodium_hooks.o service/base64.o core/string.o $(sodium-common:%=sodium/%.o)
luks-parts := $(addprefix service/,arena.o base64.o json.o kdf.o luks.o luks_metadata.o luks_unlock.o) crypt/xts.o
# Of a TPM: the UEFI loader has them, and a program.
tpm-parts := $(addprefix service/,key_token.o tpm_crypto.o tpm_sealed.o tpm_unseal.o tpm_wire.o)
# Of a smart card: the UEFI loader has them. What the two have in common is of both.
card-parts := $(addprefix service/,card.o card_sealed.o ccid.o key_token.o tpm_crypto.o tpm_wire.o)
tpm-bearssl := $(bearssl-names) hash/sha2small mac/hmac codec/ccopy codec/dec32be codec/enc32be ec/ec_p256_m31
wireguard-parts := $(addprefix service/,base64.o ip_address.o wireguard.o wireguard_config.o wireguard_cookie.o wireguard_crypto.o \
	wireguard_data.o wireguard_handshake.o wireguard_noise.o wireguard_session.o wireguard_timers.o)
# Its networks: the guest's and the wire's.
net-service-parts := $(addprefix service/,net.o net_dhcp.o net_dhcp6.o net_dns.o net_guest.o net_guest6.o net_names.o net_neighbour.o net_outer.o net_outer6.o net_packet.o net_syslog.o)
verify-objects := $(addprefix $(service-build)/,$(service-common) service/verify_main.o service/check.o service/minisign.o \
	$(sodium-verify:%=sodium/%.o))
keeper-objects := $(addprefix $(service-build)/,$(sort $(service-common) $(luks-parts)) service/keeper_main.o core/print.o \
	$(sodium-keeper:%=sodium/%.o) $(bearssl-names:%=bearssl/%.o))
unseal-objects := $(addprefix $(service-build)/,service/start.o service/unseal_main.o core/print.o core/string.o \
	$(tpm-parts) $(tpm-bearssl:%=bearssl/%.o))

$(service-build)/sodium/%.o: $(sodium)/%.c $(wildcard service/headers/*.h service/headers/*/*.h)
	$(call step,CC,libsodium/$(@F))
	@mkdir -p $(@D)
	$(Q)$(CC) $(service-flags) $(sodium-defines) $(sodium-arena) -w -c -o $@ $<

$(service-build)/bearssl/%.o: $(bearssl-source)/src/%.c $(wildcard crypt/headers/*.h)
	$(call step,CC,bearssl/$(@F))
	@mkdir -p $(@D)
	$(Q)$(CC) $(service-flags) -I crypt/headers $(bearssl-flags) -w -c -o $@ $<

# WireGuard's arithmetic: X25519 of libsodium's (fe25519 is in a file of Ed25519's), BLAKE2s of libb2's, ChaCha20 and
# Poly1305 of BearSSL's, all of it plain C.
wireguard-sodium := crypto_core/ed25519/ref10/ed25519_ref10 crypto_scalarmult/curve25519/ref10/x25519_ref10 \
	crypto_verify/sodium/verify
wireguard-bearssl := symcipher/chacha20_ct symcipher/poly1305_ctmulq codec/ccopy
wireguard-defines := -DCONFIGURED=1 -DSODIUM_STATIC=1 -isystem $(sodium)/include/sodium \
	-isystem $(sodium)/crypto_scalarmult/curve25519/ref10 -isystem $(libb2-source)/src $(bearssl-flags)
libb2-flags := -I service/headers/libb2 -DNATIVE_LITTLE_ENDIAN=1

$(service-build)/libb2/%.o: $(libb2-source)/src/%.c service/headers/libb2/config.h
	$(call step,CC,libb2/$(@F))
	@mkdir -p $(@D)
	$(Q)$(CC) $(service-flags) $(libb2-flags) -w -c -o $@ $<

$(service-build)/service/wireguard_crypto.o: service-flags += -I crypt/headers $(wireguard-defines)

wireguard-objects := $(addprefix $(service-build)/,$(wireguard-parts) service/sodium_hooks.o core/string.o core/print.o \
	$(wireguard-sodium:%=sodium/%.o) $(wireguard-bearssl:%=bearssl/%.o) libb2/blake2s-ref.o)
network-objects := $(addprefix $(service-build)/,service/start.o service/net_main.o $(net-service-parts)) $(wireguard-objects)

-include $(network-objects:.o=.d)

$(service-build)/crypt/xts.o $(service-build)/service/tpm_crypto.o: service-flags += -I crypt/headers $(bearssl-flags)
$(service-build)/service/check.o $(service-build)/service/kdf.o: service-flags += $(sodium-defines) -Wno-strict-prototypes
$(service-build)/%.o: %.c
	$(call step,CC,$< for the service)
	@mkdir -p $(@D)
	$(Q)$(CC) $(service-flags) $(warnings) $(depend-flags) -c -o $@ $<

$(service-build)/%.o: %.S
	$(call step,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(service-flags) $(depend-flags) -c -o $@ $<

echo-objects := $(addprefix $(service-build)/,service/start.o service/echo_main.o core/string.o)

-include $(verify-objects:.o=.d) $(keeper-objects:.o=.d) $(unseal-objects:.o=.d) $(echo-objects:.o=.d)

$(build)/verify.elf: $(verify-objects)
$(build)/keeper.elf: $(keeper-objects)
$(build)/unseal.elf: $(unseal-objects)
$(build)/echo.elf: $(echo-objects)
$(build)/network.elf: $(network-objects)
service-programs := $(build)/verify.elf $(build)/keeper.elf $(build)/unseal.elf $(build)/echo.elf $(build)/network.elf
$(service-programs): service/service.lds
	$(call step,LINK,$@)
	$(Q)$(LD) -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none --strip-debug --gc-sections \
		-T service/service.lds -o $@ $(filter %.o,$^)

# The same for programs of this machine.
sodium-host := $(sodium-host-names:%=$(build)/sodium/%.o) $(build)/sodium/hooks.o

$(build)/sodium/%.o: $(sodium)/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 $(sodium-defines) $(sodium-arena) -w -c -o $@ $<

$(build)/sodium/hooks.o: service/sodium_hooks.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -fno-builtin -I include -I . -c -o $@ $<

$(build)/sodium.a: $(sodium-host)
	$(call step,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(build)/hypervisor/process/service_image.o: $(service-programs)
$(build)/hypervisor/process/service_image.o: hypervisor-flags += -DSERVICE_VERIFY='"$(build)/verify.elf"' \
	-DSERVICE_KEEPER='"$(build)/keeper.elf"' -DSERVICE_UNSEAL='"$(build)/unseal.elf"' -DSERVICE_ECHO='"$(build)/echo.elf"' \
	-DSERVICE_NETWORK='"$(build)/network.elf"'
