# unit tests of src/base, and what all unit tests share
noinst_LIBRARIES += libtap.a
libtap_a_SOURCES = tests/unit/tap.c tests/unit/tap.h

check_PROGRAMS += tests/unit/base
tests_unit_base_SOURCES = tests/unit/base.c
tests_unit_base_LDADD = libtap.a libbase.a
TESTS += tests/unit/base

check_PROGRAMS += tests/unit/base_log
tests_unit_base_log_SOURCES = tests/unit/base_log.c
tests_unit_base_log_LDADD = libtap.a libbase.a
TESTS += tests/unit/base_log
