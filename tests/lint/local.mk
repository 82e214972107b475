# What a reviewer need not look for.
lint_tests = \
	tests/lint/banned.sh \
	tests/lint/headers.sh \
	tests/lint/layers.sh \
	tests/lint/shell.sh \
	tests/lint/spdx.sh
TESTS += $(lint_tests)
EXTRA_DIST += $(lint_tests) tests/lint/lib.sh .shellcheckrc autogen.sh .ci/run

.PHONY: lint
lint:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(lint_tests)'
