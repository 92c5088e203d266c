# tests/tools: what takes too long for make test.
.PHONY: test-long test-long-tools
test-long: test-long-tools
test-long-tools: all
	@tests/tools/run-long
