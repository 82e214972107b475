# the wire formats; pure
noinst_LIBRARIES += libprotocol.a
libprotocol_a_SOURCES = \
	src/protocol/big_hex.c src/protocol/big_hex.h \
	src/protocol/decode.c src/protocol/decode.h \
	src/protocol/decode_eliot.c \
	src/protocol/decode_snappy.c \
	src/protocol/draft.c src/protocol/draft.h \
	src/protocol/draft_modules.c \
	src/protocol/draft_stacks.c \
	src/protocol/encode.c src/protocol/encode.h \
	src/protocol/encode_strings.c \
	src/protocol/encode_timing.c \
	src/protocol/encode_v5.c \
	src/protocol/fault_texts.c \
	src/protocol/json_reader.c src/protocol/json_reader.h \
	src/protocol/json_writer.c src/protocol/json_writer.h \
	src/protocol/protocol.h
