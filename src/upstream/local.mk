# sources of src/upstream
noinst_LIBRARIES += libupstream.a
libupstream_a_SOURCES = \
	src/upstream/decode.c src/upstream/decode.h \
	src/upstream/exchange.c src/upstream/exchange.h \
	src/upstream/guard.c src/upstream/guard.h \
	src/upstream/local.c src/upstream/local.h \
	src/upstream/origin.c src/upstream/origin.h \
	src/upstream/transfer.c src/upstream/transfer.h \
	src/upstream/upstream.c src/upstream/upstream.h \
	src/upstream/url.c src/upstream/url.h
libupstream_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
