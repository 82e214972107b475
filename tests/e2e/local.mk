# End-to-end tests: the real programs behind real web servers.
e2e_tests = \
	tests/e2e/apache.sh \
	tests/e2e/bad_requests.sh \
	tests/e2e/bad_symbols.sh \
	tests/e2e/cli.sh \
	tests/e2e/debug_protocol.sh \
	tests/e2e/debug_raw.sh \
	tests/e2e/disk_cache_role.sh \
	tests/e2e/faults.sh \
	tests/e2e/nginx.sh \
	tests/e2e/old_options.sh \
	tests/e2e/quickstart.sh \
	tests/e2e/reload.sh \
	tests/e2e/restart.sh \
	tests/e2e/shared_cache.sh \
	tests/e2e/snappy_suite.sh \
	tests/e2e/sources.sh \
	tests/e2e/spawn.sh
TESTS += $(e2e_tests)
EXTRA_DIST += $(e2e_tests) tests/e2e/lib.sh tests/e2e/request_table.sh \
	contrib/apache/symbolicate.conf contrib/nginx/symbolicate.conf contrib/quickstart/servers.sh \
	tests/samples

CLEANFILES += quickstart.log check.log
clean-local:
	rm -rf tests/logs

# Not with sanitizers, and too slow for every check.
check-valgrind: all $(check_PROGRAMS)
	$(AM_TESTS_ENVIRONMENT) bash $(top_srcdir)/tests/e2e/valgrind.sh
.PHONY: check-valgrind
EXTRA_DIST += tests/e2e/valgrind.sh
