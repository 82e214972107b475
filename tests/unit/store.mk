# unit tests of src/store
check_PROGRAMS += tests/unit/store
tests_unit_store_SOURCES = tests/unit/store.c tests/unit/store_fixture.c tests/unit/store_fixture.h
tests_unit_store_LDADD = libtap.a libstore.a libbase.a $(LMDB_LIBS)
TESTS += tests/unit/store

check_PROGRAMS += tests/unit/store_crash
tests_unit_store_crash_SOURCES = tests/unit/store_crash.c tests/unit/store_fixture.c tests/unit/store_fixture.h
tests_unit_store_crash_LDADD = libtap.a libstore.a libbase.a $(LMDB_LIBS)
TESTS += tests/unit/store_crash

check_PROGRAMS += tests/unit/store_damage
tests_unit_store_damage_SOURCES = tests/unit/store_damage.c tests/unit/store_fixture.c tests/unit/store_fixture.h
tests_unit_store_damage_CFLAGS = $(AM_CFLAGS) $(LMDB_CFLAGS)
tests_unit_store_damage_LDADD = libtap.a libstore.a libbase.a $(LMDB_LIBS)
TESTS += tests/unit/store_damage

check_PROGRAMS += tests/unit/store_oversize
tests_unit_store_oversize_SOURCES = tests/unit/store_oversize.c tests/unit/store_fixture.c tests/unit/store_fixture.h
tests_unit_store_oversize_LDADD = libtap.a libstore.a libbase.a $(LMDB_LIBS)
TESTS += tests/unit/store_oversize
