# unit tests of src/engine
check_PROGRAMS += tests/unit/engine_flight
tests_unit_engine_flight_SOURCES = tests/unit/engine_flight.c
tests_unit_engine_flight_LDADD = libtap.a libengine.a libstats.a libbase.a
TESTS += tests/unit/engine_flight

check_PROGRAMS += tests/unit/engine_modules
tests_unit_engine_modules_SOURCES = tests/unit/engine_modules.c
tests_unit_engine_modules_LDADD = libtap.a libengine.a libsymbols.a libstats.a libbase.a
TESTS += tests/unit/engine_modules

check_PROGRAMS += tests/unit/engine_raw
tests_unit_engine_raw_SOURCES = tests/unit/engine_raw.c
tests_unit_engine_raw_LDADD = libtap.a libengine.a libstore.a libsymbols.a libstats.a libbase.a $(LMDB_LIBS)
TESTS += tests/unit/engine_raw
