noinst_LIBRARIES += libengine.a
libengine_a_SOURCES = \
	src/engine/compact.c src/engine/compact.h \
	src/engine/environment.c src/engine/environment.h \
	src/engine/environment_upkeep.c \
	src/engine/flight.c src/engine/flight.h \
	src/engine/intake.c src/engine/intake.h \
	src/engine/open_tables.c src/engine/open_tables.h \
	src/engine/resolver.c src/engine/resolver.h src/engine/resolver_steps.h \
	src/engine/resolver_addrcache.c \
	src/engine/resolver_flights.c \
	src/engine/resolver_modules.c src/engine/resolver_modules.h \
	src/engine/resolver_tables.c \
	src/engine/search.c src/engine/search.h \
	src/engine/settings.c src/engine/settings.h \
	src/engine/sources.c src/engine/sources.h
