# sources of src/addrcache
noinst_LIBRARIES += libaddrcache.a
libaddrcache_a_SOURCES = \
	src/addrcache/addrcache.c \
	src/addrcache/addrcache.h \
	src/addrcache/frame_value.c \
	src/addrcache/frame_value.h \
	src/addrcache/servers.c \
	src/addrcache/servers.h
libaddrcache_a_CFLAGS = $(AM_CFLAGS) $(MEMCACHED_CFLAGS)
