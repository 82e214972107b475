# sources of src/store
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	src/store/absent.c \
	src/store/aside.c \
	src/store/delete.c \
	src/store/env.c \
	src/store/evict.c \
	src/store/insert.c \
	src/store/inspect.c \
	src/store/oversize.c \
	src/store/read.c \
	src/store/record.c \
	src/store/recover.c \
	src/store/resize.c \
	src/store/spool.c \
	src/store/stamps.c \
	src/store/store.h \
	src/store/store_internal.h \
	src/store/txn.c
libstore_a_CFLAGS = $(AM_CFLAGS) $(LMDB_CFLAGS)
