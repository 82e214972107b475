# unit tests of src/config
check_PROGRAMS += tests/unit/config
tests_unit_config_SOURCES = tests/unit/config.c
tests_unit_config_LDADD = libtap.a libconfig.a libbase.a $(JSONC_LIBS)
TESTS += tests/unit/config
EXTRA_DIST += tests/cases/config etc/symbolicate.json docs/configuration.md
