sbin_PROGRAMS += symbolicate-fcgi
symbolicate_fcgi_SOURCES = \
	src/process/crashes.c src/process/crashes.h \
	src/process/fcgi.c src/process/fcgi.h \
	src/process/fetcher.c \
	src/process/instance.c src/process/instance.h \
	src/process/janitor.c \
	src/process/listen.c src/process/listen.h \
	src/process/main.c \
	src/process/master.c \
	src/process/notify.c src/process/notify.h \
	src/process/signals.c src/process/signals.h \
	src/process/watch.c src/process/watch.h \
	src/process/worker.c
symbolicate_fcgi_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS) $(SYSTEMD_CFLAGS)
symbolicate_fcgi_LDADD = \
	libweb.a libengine.a libprotocol.a libupstream.a libaddrcache.a libstore.a libfilter.a \
	libsymbols.a libstats.a libconfig.a libbase.a \
	$(FCGI_LIBS) $(CURL_LIBS) $(MEMCACHED_LIBS) $(LMDB_LIBS) $(JSONC_LIBS) $(PCRE2_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS)
