# unit tests of src/stats
check_PROGRAMS += tests/unit/stats_state
tests_unit_stats_state_SOURCES = tests/unit/stats_state.c
tests_unit_stats_state_LDADD = libtap.a libstats.a libbase.a
TESTS += tests/unit/stats_state
