/* SPDX-License-Identifier: MIT */
/* What the service manager is told. */
#ifndef PROCESS_NOTIFY_H
#define PROCESS_NOTIFY_H

#include <stdint.h>

/*
 * systemd's protocol, by libsystemd.  Only for the master.  All do nothing where
 * NOTIFY_SOCKET is not set, or the program was built without that library.
 */
void notify_ready(void);
void notify_reloading(void); /* notify_ready() follows, whatever comes of it */
void notify_stopping(void);
void notify_alive(void);

/* How often notify_alive() is due: half of what the manager grants; 0: it does not ask for it. */
uint64_t notify_alive_every_ms(void);

#endif
