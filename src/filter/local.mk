noinst_LIBRARIES += libfilter.a
libfilter_a_SOURCES = src/filter/filter.c src/filter/filter.h
libfilter_a_CFLAGS = $(AM_CFLAGS) $(PCRE2_CFLAGS)
