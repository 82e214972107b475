# unit tests of src/upstream
upstream_test_libs = libtap.a libupstream.a libsymbols.a libbase.a $(CURL_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS) $(XXHASH_LIBS)

check_PROGRAMS += tests/unit/upstream_url tests/unit/upstream_decode tests/unit/upstream_local
tests_unit_upstream_url_SOURCES = tests/unit/upstream_url.c
tests_unit_upstream_url_LDADD = $(upstream_test_libs)
tests_unit_upstream_decode_SOURCES = tests/unit/upstream_decode.c
tests_unit_upstream_decode_LDADD = $(upstream_test_libs)
TESTS += tests/unit/upstream_url tests/unit/upstream_decode tests/unit/upstream_local
tests_unit_upstream_local_SOURCES = tests/unit/upstream_local.c
tests_unit_upstream_local_LDADD = $(upstream_test_libs)
EXTRA_DIST += tests/tools/scripted_upstream.py
