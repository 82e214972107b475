noinst_LIBRARIES += libsymbols.a
libsymbols_a_SOURCES = \
	src/symbols/answer.h \
	src/symbols/bits.h \
	src/symbols/block.h src/symbols/block_read.c src/symbols/block_write.c \
	src/symbols/dictionary.c src/symbols/dictionary.h \
	src/symbols/frames.c src/symbols/frames.h \
	src/symbols/func_blocks.c src/symbols/func_blocks.h \
	src/symbols/func_flatten.c src/symbols/func_flatten.h \
	src/symbols/grow.c src/symbols/grow.h \
	src/symbols/id_map.c src/symbols/id_map.h \
	src/symbols/inline_nodes.c src/symbols/inline_nodes.h \
	src/symbols/key_set.c src/symbols/key_set.h \
	src/symbols/module.c src/symbols/module.h \
	src/symbols/name_pool.c src/symbols/name_pool.h \
	src/symbols/name_sort.c \
	src/symbols/names_read.c src/symbols/names_read.h \
	src/symbols/names_ring.c src/symbols/names_ring.h \
	src/symbols/names_write.c src/symbols/names_write.h \
	src/symbols/paths_read.c src/symbols/paths_read.h \
	src/symbols/publics.c src/symbols/publics.h \
	src/symbols/record_read.c src/symbols/record_read.h \
	src/symbols/record_write.c src/symbols/record_write.h \
	src/symbols/spans.c src/symbols/spans.h \
	src/symbols/spill.c src/symbols/spill.h \
	src/symbols/ref_table.c src/symbols/ref_table.h \
	src/symbols/sym_number.h \
	src/symbols/sym_fast.c src/symbols/sym_fast.h \
	src/symbols/sym_scan.c src/symbols/sym_scan.h \
	src/symbols/table.h \
	src/symbols/table_build.c src/symbols/table_build.h \
	src/symbols/table_format.c src/symbols/table_format.h \
	src/symbols/table_batch.c src/symbols/table_lookup.c \
	src/symbols/table_open.c src/symbols/table_open.h \
	src/symbols/table_write.c src/symbols/table_write.h \
	src/symbols/ticket_map.c src/symbols/ticket_map.h \
	src/symbols/value_write.c src/symbols/value_write.h
libsymbols_a_CFLAGS = $(AM_CFLAGS) $(ZSTD_CFLAGS)
