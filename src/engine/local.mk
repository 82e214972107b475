noinst_LIBRARIES += libengine.a
libengine_a_SOURCES = \
	src/engine/compact.c src/engine/compact.h
