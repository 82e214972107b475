noinst_LIBRARIES += libstats.a
libstats_a_SOURCES = \
	src/stats/breaker.c src/stats/breaker.h \
	src/stats/counters.c src/stats/counters.h \
	src/stats/state.c src/stats/state.h
