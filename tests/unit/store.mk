# unit tests of src/store
check_PROGRAMS += tests/unit/store
tests_unit_store_SOURCES = tests/unit/store.c tests/unit/store_fixture.c tests/unit/store_fixture.h
tests_unit_store_LDADD = libtap.a libstore.a libbase.a $(LMDB_LIBS)
TESTS += tests/unit/store
