# unit tests of src/filter
check_PROGRAMS += tests/unit/filter
tests_unit_filter_SOURCES = tests/unit/filter.c
tests_unit_filter_LDADD = libtap.a libfilter.a libbase.a $(PCRE2_LIBS)
TESTS += tests/unit/filter
