# unit tests of src/upstream
upstream_tests = tests/unit/upstream_url tests/unit/upstream_decode tests/unit/upstream_local tests/unit/upstream_http \
	tests/unit/upstream_origin
upstream_test_libs = libtap.a libupstream.a libsymbols.a libstats.a libbase.a \
	$(CURL_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS) $(XXHASH_LIBS)

check_PROGRAMS += $(upstream_tests)
tests_unit_upstream_url_SOURCES = tests/unit/upstream_url.c
tests_unit_upstream_url_LDADD = $(upstream_test_libs)
tests_unit_upstream_decode_SOURCES = tests/unit/upstream_decode.c
tests_unit_upstream_decode_LDADD = $(upstream_test_libs)
tests_unit_upstream_local_SOURCES = tests/unit/upstream_local.c
tests_unit_upstream_local_LDADD = $(upstream_test_libs)
tests_unit_upstream_http_SOURCES = \
	tests/unit/upstream_http.c tests/unit/upstream_server.c tests/unit/upstream_server.h
tests_unit_upstream_http_LDADD = $(upstream_test_libs)
tests_unit_upstream_origin_SOURCES = \
	tests/unit/upstream_origin.c tests/unit/upstream_server.c tests/unit/upstream_server.h
tests_unit_upstream_origin_LDADD = $(upstream_test_libs)
TESTS += $(upstream_tests)
EXTRA_DIST += tests/tools/scripted_upstream.py
