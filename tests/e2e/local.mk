# End-to-end tests: the real programs behind real web servers.
e2e_tests = \
	tests/e2e/apache.sh \
	tests/e2e/apache_fcgid.sh \
	tests/e2e/bad_requests.sh \
	tests/e2e/bad_symbols.sh \
	tests/e2e/builders.sh \
	tests/e2e/cache_commands.sh \
	tests/e2e/cli.sh \
	tests/e2e/damage.sh \
	tests/e2e/debug_protocol.sh \
	tests/e2e/debug_raw.sh \
	tests/e2e/disk_cache_role.sh \
	tests/e2e/evicted.sh \
	tests/e2e/exit_codes.sh \
	tests/e2e/faults.sh \
	tests/e2e/hang.sh \
	tests/e2e/https.sh \
	tests/e2e/kills.sh \
	tests/e2e/limits.sh \
	tests/e2e/local_dirs.sh \
	tests/e2e/logs.sh \
	tests/e2e/logs_daemons.sh \
	tests/e2e/many_modules.sh \
	tests/e2e/nginx.sh \
	tests/e2e/old_options.sh \
	tests/e2e/oversize.sh \
	tests/e2e/pool.sh \
	tests/e2e/pool_growth.sh \
	tests/e2e/quickstart.sh \
	tests/e2e/reload.sh \
	tests/e2e/restart.sh \
	tests/e2e/shared_cache.sh \
	tests/e2e/snappy_suite.sh \
	tests/e2e/sources.sh \
	tests/e2e/spawn.sh \
	tests/e2e/systemd.sh \
	tests/e2e/twelve.sh \
	tests/e2e/upstream_memory.sh \
	tests/e2e/upstream_settings.sh
TESTS += $(e2e_tests)
EXTRA_DIST += $(e2e_tests) tests/e2e/lib.sh tests/e2e/module_lib.sh tests/e2e/request_table.sh \
	tests/e2e/soak.sh tests/e2e/tools.sh \
	contrib/apache/symbolicate.conf contrib/apache/symbolicate-fcgid.conf contrib/nginx/symbolicate.conf \
	contrib/quickstart/servers.sh \
	contrib/systemd/symbolicate.service contrib/systemd/symbolicate.socket \
	tests/samples

# what is in a cache directory, for tests that kill and for those that take long
check_PROGRAMS += tests/tools/cache_watch
tests_tools_cache_watch_SOURCES = tests/tools/cache_watch.c
tests_tools_cache_watch_CFLAGS = $(AM_CFLAGS) $(LMDB_CFLAGS)
tests_tools_cache_watch_LDADD = libstore.a libstats.a libbase.a $(LMDB_LIBS)
EXTRA_DIST += tests/tools/killer.py tests/tools/pool_tools.py tests/tools/soak.py

# Ten minutes, or SOAK_SECONDS.
soak: all $(check_PROGRAMS) tests/bench/open_load$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) bash $(top_srcdir)/tests/e2e/soak.sh
.PHONY: soak

CLEANFILES += quickstart.log check.log
clean-local:
	rm -rf tests/logs

# Not with sanitizers, and too slow for every check.
check-valgrind: all $(check_PROGRAMS)
	$(AM_TESTS_ENVIRONMENT) bash $(top_srcdir)/tests/e2e/valgrind.sh
.PHONY: check-valgrind
EXTRA_DIST += tests/e2e/valgrind.sh

check_PROGRAMS += tests/tools/watch_flights
tests_tools_watch_flights_SOURCES = tests/tools/watch_flights.c
tests_tools_watch_flights_LDADD = libstats.a libbase.a
EXTRA_DIST += tests/tools/fcgi_client.py tests/tools/hold_lock.py tests/tools/notify_socket.py
