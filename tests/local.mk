# Every kind of test adds its own part.
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' systemd_enabled='$(systemd_enabled)'; \
	export top_srcdir top_builddir systemd_enabled;

# what takes minutes: for check-slow
slow_tests =

include tests/unit/base.mk
include tests/unit/config.mk
include tests/unit/stats.mk
include tests/unit/symbols.mk
include tests/unit/filter.mk
include tests/unit/store.mk
include tests/unit/addrcache.mk
include tests/unit/upstream.mk
include tests/unit/protocol.mk
include tests/unit/engine.mk
include tests/naive/local.mk
include tests/churn/local.mk
include tests/lint/local.mk
include tests/e2e/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk
