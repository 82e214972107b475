# unit tests of src/web
check_PROGRAMS += tests/unit/web_admission
tests_unit_web_admission_SOURCES = tests/unit/web_admission.c
tests_unit_web_admission_LDADD = libtap.a libweb.a libbase.a
TESTS += tests/unit/web_admission
