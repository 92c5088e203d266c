# A whole Debian, bare and under Ritevisor; it takes an hour or more, so "make test" leaves it out.
.PHONY: test-debian
test-debian: all
	@tests/debian/run $(CASES)
