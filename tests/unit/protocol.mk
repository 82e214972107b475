# unit tests of src/protocol
check_PROGRAMS += tests/unit/protocol_cases
tests_unit_protocol_cases_SOURCES = tests/unit/protocol_cases.c
tests_unit_protocol_cases_LDADD = libtap.a libprotocol.a libsymbols.a libbase.a
TESTS += tests/unit/protocol_cases
EXTRA_DIST += \
	tests/cases/protocol/README.md \
	tests/cases/protocol/debug.case \
	tests/cases/protocol/disk_cache.case \
	tests/cases/protocol/eliot_refused.case \
	tests/cases/protocol/eliot_requests.case \
	tests/cases/protocol/json.case \
	tests/cases/protocol/limits.case \
	tests/cases/protocol/snappy_refused.case \
	tests/cases/protocol/snappy_requests.case

check_PROGRAMS += tests/unit/protocol
tests_unit_protocol_SOURCES = tests/unit/protocol.c
tests_unit_protocol_LDADD = libtap.a libprotocol.a libsymbols.a libbase.a
TESTS += tests/unit/protocol

check_PROGRAMS += tests/unit/protocol_referee
tests_unit_protocol_referee_SOURCES = tests/unit/protocol_referee.c
tests_unit_protocol_referee_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tests_unit_protocol_referee_LDADD = libtap.a libprotocol.a libsymbols.a libbase.a $(JSONC_LIBS)
TESTS += tests/unit/protocol_referee

check_PROGRAMS += tests/unit/protocol_order
tests_unit_protocol_order_SOURCES = tests/unit/protocol_order.c
tests_unit_protocol_order_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
tests_unit_protocol_order_LDADD = libtap.a libprotocol.a libsymbols.a libbase.a $(JSONC_LIBS)
TESTS += tests/unit/protocol_order
