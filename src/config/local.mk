noinst_LIBRARIES += libconfig.a
libconfig_a_SOURCES = \
	src/config/config.c src/config/config.h \
	src/config/check.c src/config/check.h \
	src/config/finish.c \
	src/config/get.c \
	src/config/load.c \
	src/config/markdown.c \
	src/config/nearest.c src/config/nearest.h \
	src/config/old_options.c \
	src/config/paths.c src/config/paths.h \
	src/config/positions.c src/config/positions.h \
	src/config/print.c \
	src/config/problems.c src/config/problems.h \
	src/config/table.c src/config/table.h \
	src/config/url.c src/config/url.h \
	src/config/value.c src/config/value.h \
	src/config/value_print.c
libconfig_a_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
