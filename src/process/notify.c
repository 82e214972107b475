/* SPDX-License-Identifier: MIT */
/* What the service manager is told. */
#include "process/notify.h"

#ifdef HAVE_SYSTEMD

#include "base/clock.h"

#include <systemd/sd-daemon.h>

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
	/* Type=notify-reload wants to know when it was */
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)clock_mono_us());
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void notify_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

uint64_t notify_alive_every_ms(void)
{
	uint64_t granted_us = 0;

	return sd_watchdog_enabled(0, &granted_us) > 0 ? granted_us / 2000 : 0;
}

#else

void notify_ready(void)
{
}

void notify_reloading(void)
{
}

void notify_stopping(void)
{
}

void notify_alive(void)
{
}

uint64_t notify_alive_every_ms(void)
{
	return 0;
}

#endif
