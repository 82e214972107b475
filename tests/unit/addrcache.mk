# unit tests of src/addrcache
check_PROGRAMS += tests/unit/addrcache
tests_unit_addrcache_SOURCES = tests/unit/addrcache.c
tests_unit_addrcache_LDADD = libtap.a libaddrcache.a libstats.a libbase.a $(MEMCACHED_LIBS)
TESTS += tests/unit/addrcache

check_PROGRAMS += tests/unit/addrcache_values
tests_unit_addrcache_values_SOURCES = tests/unit/addrcache_values.c
tests_unit_addrcache_values_LDADD = libtap.a libaddrcache.a libstats.a libbase.a
TESTS += tests/unit/addrcache_values
