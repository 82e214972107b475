noinst_LIBRARIES += libweb.a
libweb_a_SOURCES = \
	src/web/access.c src/web/access.h \
	src/web/admission.c src/web/admission.h \
	src/web/debug.c src/web/debug.h \
	src/web/web.c src/web/web.h
