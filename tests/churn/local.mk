# tests/churn: the store under its limit; scaled down in `make check`, in full in `make check-slow`
check_PROGRAMS += tests/churn/churn
tests_churn_churn_SOURCES = tests/churn/churn.c tests/churn/tables.c tests/churn/tables.h
tests_churn_churn_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_churn_churn_LDFLAGS = -Wl,--wrap=clock_wall_s
tests_churn_churn_LDADD = libtap.a libengine.a libstore.a libstats.a libbase.a $(LMDB_LIBS) -lm
TESTS += tests/churn/churn

slow_tests += tests/churn/full.sh
EXTRA_DIST += tests/churn/full.sh
