# tests/tools: what takes too long for make test.
.PHONY: test-long test-long-tools
test-long: test-long-tools
test-long-tools: all
	@tests/tools/run-long

# What the tests of the package need is installed once, when tests are made.
test-programs += $(build)/tests/packages-deb
$(build)/tests/packages-deb: tools/packages-deb
	@tools/setup $(here)/tools/packages-deb
	@mkdir -p $(@D)
	@touch $@

# USBGuard's own reader of rules.
test-programs += $(build)/tests/usbguard-rule-parser
$(build)/tests/usbguard-rule-parser: tools/fetch
	$(call step,FETCH,usbguard)
	@mkdir -p $(@D)
	$(Q)tools/fetch usbguard && cp $(cache)/packages/usbguard/usr/bin/usbguard-rule-parser $@
