# unit tests of src/engine
check_PROGRAMS += tests/unit/engine_flight
tests_unit_engine_flight_SOURCES = tests/unit/engine_flight.c
tests_unit_engine_flight_LDADD = libtap.a libengine.a libstats.a libbase.a
TESTS += tests/unit/engine_flight

check_PROGRAMS += tests/unit/engine_modules
tests_unit_engine_modules_SOURCES = tests/unit/engine_modules.c
tests_unit_engine_modules_LDADD = libtap.a libengine.a libsymbols.a libstats.a libbase.a
TESTS += tests/unit/engine_modules

check_PROGRAMS += tests/unit/engine_sources
tests_unit_engine_sources_SOURCES = tests/unit/engine_sources.c
tests_unit_engine_sources_LDADD = libtap.a $(symbolicate_LDADD)
TESTS += tests/unit/engine_sources
check_PROGRAMS += tests/unit/engine_intake
tests_unit_engine_intake_SOURCES = tests/unit/engine_intake.c
tests_unit_engine_intake_LDADD = libtap.a libengine.a libstore.a libsymbols.a libstats.a libbase.a \
	$(LMDB_LIBS) $(ZSTD_LIBS)
TESTS += tests/unit/engine_intake
