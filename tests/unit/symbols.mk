# unit tests of src/symbols; memory_table.[ch] is there for others, too
symbols_test_sources = tests/unit/memory_table.c tests/unit/memory_table.h \
	tests/unit/symbols_answer.c tests/unit/symbols_answer.h
symbols_test_libs = libtap.a libsymbols.a libbase.a $(ZSTD_LIBS)

check_PROGRAMS += tests/unit/symbols_module
tests_unit_symbols_module_SOURCES = tests/unit/symbols_module.c
tests_unit_symbols_module_LDADD = $(symbols_test_libs)
TESTS += tests/unit/symbols_module

check_PROGRAMS += tests/unit/symbols_scan
tests_unit_symbols_scan_SOURCES = tests/unit/symbols_scan.c $(symbols_test_sources)
tests_unit_symbols_scan_LDADD = $(symbols_test_libs)
TESTS += tests/unit/symbols_scan

check_PROGRAMS += tests/unit/symbols_rules
tests_unit_symbols_rules_SOURCES = tests/unit/symbols_rules.c $(symbols_test_sources)
tests_unit_symbols_rules_LDADD = $(symbols_test_libs)
TESTS += tests/unit/symbols_rules

check_PROGRAMS += tests/unit/symbols_parts
tests_unit_symbols_parts_SOURCES = tests/unit/symbols_parts.c
tests_unit_symbols_parts_LDADD = $(symbols_test_libs)
TESTS += tests/unit/symbols_parts

check_PROGRAMS += tests/unit/symbols_table
tests_unit_symbols_table_SOURCES = tests/unit/symbols_table.c $(symbols_test_sources)
tests_unit_symbols_table_LDADD = $(symbols_test_libs)
TESTS += tests/unit/symbols_table
