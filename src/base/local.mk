noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/arena.c src/base/arena.h \
	src/base/buf.c src/base/buf.h \
	src/base/clock.c src/base/clock.h \
	src/base/err.c src/base/err.h \
	src/base/file.c src/base/file.h \
	src/base/hash.c src/base/hash.h \
	src/base/hash_avx2.c src/base/hash_avx2.h \
	src/base/json_text.c src/base/json_text.h \
	src/base/log.c src/base/log.h src/base/log_internal.h \
	src/base/log_file.c src/base/log_file.h \
	src/base/log_limit.c \
	src/base/mem.c src/base/mem.h \
	src/base/num.c src/base/num.h \
	src/base/slice.c src/base/slice.h \
	src/base/utf8.c src/base/utf8.h
libbase_a_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS) $(SYSTEMD_CFLAGS)
