/* SPDX-License-Identifier: MIT */
/* The master: starts children, replaces those that die, lets the pool grow, reloads, stops. */
#include "process/instance.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/environment.h"
#include "engine/settings.h"
#include "process/crashes.h"
#include "process/notify.h"
#include "process/signals.h"
#include "process/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	ROUND_MS = 1000,
	STOP_ROUND_MS = 100,         /* how often SIGTERM is repeated: a child may miss one */
	THROTTLE_FIRST_MS = 1000,
	THROTTLE_LONGEST_MS = 60000,
	SETTLED_MS = 10000,          /* a child that lived this long is not in a crash loop */
};

struct child {
	pid_t pid; /* 0: not running */
	bool dismissed; /* told to stop: its end is not a death */
	bool hung;      /* and killed for it, which was logged */
	struct watch watch;
	uint64_t started_ms;
	uint64_t not_before_ms; /* of its next start */
	unsigned throttle_ms;
};

struct master {
	struct instance *instance;
	const struct config_args *args;
	struct child *children; /* by slot - first_slot; the master's own stays unused */
	unsigned child_count;
	struct crashes crashes;
	int signal_fd;
	bool stopping, hurry;
	bool ready; /* and said so */
	uint64_t kill_at_ms;
	uint64_t alive_every_ms; /* 0: nobody asks */
	uint64_t alive_due_ms;
};

static enum slot_kind kind_of(const struct instance *instance, unsigned index)
{
	if (index == 1)
		return SLOT_JANITOR;
	return index < 2 + instance->fetcher_count ? SLOT_FETCHER : SLOT_WORKER;
}

static const char *const kind_names[] = {
	[SLOT_MASTER] = "master",
	[SLOT_WORKER] = "worker",
	[SLOT_FETCHER] = "fetcher",
	[SLOT_JANITOR] = "janitor",
};

static void count(const struct master *master, enum counter counter)
{
	const struct instance *instance = master->instance;

	counter_add(&instance->state->map->slots[instance->first_slot], counter, 1);
}

/* ---- children ---- */

static void name_process(enum slot_kind kind, unsigned number)
{
	char name[32];

	snprintf(name, sizeof(name), "%s %u", kind_names[kind], number);
	log_set_process(name);
	prctl(PR_SET_NAME, name); /* for ps and top */
}

/* Among those of its kind, from 1. */
static unsigned number_of(const struct instance *instance, unsigned index)
{
	if (index == 1)
		return 1;
	return kind_of(instance, index) == SLOT_FETCHER ? index - 1 : index - 1 - instance->fetcher_count;
}

static int child_body(const struct instance *instance, unsigned index)
{
	enum slot_kind kind = kind_of(instance, index);
	struct err err = ERR_INIT;

	signals_child();
	name_process(kind, number_of(instance, index));
	instance_open_child_log(instance, kind);
	if (state_after_fork(instance->state, &err) < 0) {
		log_error("cannot start: %s", err.msg);
		return err_exit_code(&err);
	}
	state_slot_start(instance->state, instance->first_slot + index, kind);
	switch (kind) {
	case SLOT_JANITOR:
		return janitor_main(instance);
	case SLOT_FETCHER:
		return fetcher_main(instance, index - 2);
	default:
		return worker_main(instance, index - 2 - instance->fetcher_count);
	}
}

static void start_child(struct master *master, unsigned index)
{
	struct child *child = &master->children[index];
	pid_t pid = fork();

	if (pid == 0) {
		close(master->signal_fd);
		exit(child_body(master->instance, index));
	}
	if (pid < 0) {
		static struct log_limit limit;

		log_limited(&limit, LEVEL_ERROR, "cannot fork: %s", strerror(errno));
		child->not_before_ms = clock_mono_ms() + THROTTLE_FIRST_MS;
		return;
	}
	child->pid = pid;
	child->dismissed = child->hung = false;
	child->watch = (struct watch){0};
	child->started_ms = clock_mono_ms();
	count(master, COUNTER_children_started);
}

static bool may_start(const struct child *child)
{
	return child->pid == 0 && clock_mono_ms() >= child->not_before_ms;
}

/* The slots from `from` on that have a child, or had one that died and has to wait. */
static unsigned count_taken(const struct master *master, unsigned from)
{
	unsigned taken = 0;

	for (unsigned i = from; i < master->child_count; i++)
		taken += !may_start(&master->children[i]);
	return taken;
}

/* The configured ones, and one more for each that is held up; none in place of one that has to wait. */
static void start_workers(struct master *master)
{
	const struct instance *instance = master->instance;
	unsigned first = 2 + instance->fetcher_count;
	unsigned extra = first + instance->config->process.workers;
	unsigned held_up = state_count_held_up(instance->state), taken;

	if (extra > master->child_count)
		extra = master->child_count;
	taken = count_taken(master, extra);
	for (unsigned i = first; i < extra; i++)
		if (may_start(&master->children[i]))
			start_child(master, i);
	for (unsigned i = extra; i < master->child_count && taken < held_up; i++) {
		if (may_start(&master->children[i])) {
			start_child(master, i);
			taken++;
		}
	}
}

static void start_missing(struct master *master)
{
	for (unsigned i = 1; i < 2 + master->instance->fetcher_count; i++)
		if (may_start(&master->children[i]))
			start_child(master, i);
	start_workers(master);
}

static void throttle(struct child *child)
{
	uint64_t lived_ms = clock_mono_ms() - child->started_ms;

	if (lived_ms >= SETTLED_MS) {
		child->throttle_ms = 0;
		child->not_before_ms = 0;
		return;
	}
	child->throttle_ms = child->throttle_ms ? child->throttle_ms * 2 : THROTTLE_FIRST_MS;
	if (child->throttle_ms > THROTTLE_LONGEST_MS)
		child->throttle_ms = THROTTLE_LONGEST_MS;
	child->not_before_ms = clock_mono_ms() + child->throttle_ms;
}

static void describe_end(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(text, size, "exit code %d", WEXITSTATUS(status));
}

/* The database may be what they crash at.  This does not open it. */
static void note_crash(struct master *master, int status)
{
	struct err err = ERR_INIT;

	if (crashes_note(&master->crashes, status, clock_mono_ms()) &&
	    environment_put_aside(master->instance->state, "several processes crashed within a minute", &err) < 0)
		log_error("cannot move the database aside: %s", err.msg);
}

static void child_ended(struct master *master, unsigned index, int status)
{
	const struct instance *instance = master->instance;
	struct child *child = &master->children[index];
	enum slot_kind kind = kind_of(instance, index);
	bool clean = (child->dismissed && !child->hung) || (WIFEXITED(status) && WEXITSTATUS(status) == EX_OK);
	char how[64];

	if (!clean) {
		describe_end(status, how, sizeof(how));
		if (!child->hung)
			log_warning("%s %d ended: %s", kind_names[kind], (int)child->pid, how);
		count(master, COUNTER_children_died);
		throttle(child);
		note_crash(master, status);
	}
	child->pid = 0;
	state_slot_end(instance->state, instance->first_slot + index);
	if (kind == SLOT_FETCHER) {
		struct flight_control flights = instance_flights(instance, instance->first_slot);
		unsigned lost = flight_fetcher_died(&flights, instance->first_slot + index);

		counter_add(&instance->state->map->slots[instance->first_slot], COUNTER_flights_crashed, lost);
	}
}

static void reap(struct master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 1; i < master->child_count; i++)
			if (master->children[i].pid == pid)
				child_ended(master, i, status);
}

/* ---- children that hang ---- */

/* Longer than a request can last by its own limits, and never shorter than hangTimeoutMs. */
static uint64_t hang_limit_ms(const struct config_process *process, enum slot_kind kind)
{
	uint64_t request_ms = (uint64_t)process->read_timeout_ms + process->wait_ms + process->send_timeout_ms;

	return kind == SLOT_WORKER && request_ms > process->hang_timeout_ms ? request_ms : process->hang_timeout_ms;
}

static void end_hung(struct master *master, unsigned index, uint64_t now_ms)
{
	const struct instance *instance = master->instance;
	const struct state_slot *slot = &instance->state->map->slots[instance->first_slot + index];
	enum slot_kind kind = kind_of(instance, index);
	struct child *child = &master->children[index];
	uint64_t limit_ms = hang_limit_ms(&instance->config->process, kind);

	if (child->pid == 0 || child->hung || !watch_is_hung(&child->watch, slot, limit_ms, now_ms))
		return;
	log_error("%s %d is killed: nothing has moved in it for %llu ms", kind_names[kind], (int)child->pid,
		  (unsigned long long)(now_ms - child->watch.life_ms));
	child->hung = true;
	count(master, COUNTER_children_hung);
	kill(child->pid, SIGKILL);
}

/* The janitor is not watched: nobody waits for it. */
static void end_all_hung(struct master *master)
{
	uint64_t now_ms = clock_mono_ms();

	for (unsigned i = 2; i < master->child_count; i++)
		end_hung(master, i, now_ms);
}

static unsigned signal_kind(struct master *master, enum slot_kind kind, int number)
{
	unsigned running = 0;

	for (unsigned i = 1; i < master->child_count; i++) {
		if (master->children[i].pid == 0 || kind_of(master->instance, i) != kind)
			continue;
		running++;
		kill(master->children[i].pid, number);
	}
	return running;
}

/* Repeated, since a signal may come just before a worker goes to sleep in accept. */
static void signal_dismissed(struct master *master)
{
	for (unsigned i = 1; i < master->child_count; i++)
		if (master->children[i].pid && master->children[i].dismissed)
			kill(master->children[i].pid, SIGTERM);
}

static void dismiss_all(struct master *master)
{
	for (unsigned i = 1; i < master->child_count; i++)
		master->children[i].dismissed = master->children[i].pid != 0;
}

/* ---- reload, stop ---- */

static bool open_log(const struct config *config)
{
	struct err err = ERR_INIT;

	if (instance_open_logs(config, &err) == 0)
		return true;
	log_error("%s", err.msg);
	return false;
}

/* What was fixed when the instance began stays as it is. */
static void warn_of_fixed(const struct config *old, const struct config *fresh)
{
	struct buf keys = BUF_INIT;

	if (config_restart_keys(old, fresh, &keys) > 0)
		log_warning("changed settings that need a restart: %s", buf_text(&keys));
	buf_release(&keys);
}

/* The configuration as it is now, whole and checked, or NULL with the causes logged. */
static struct config *open_fresh(const struct master *master)
{
	struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct config *fresh = NULL;
	struct err err = ERR_INIT;
	bool good = config_open(&fresh, master->args, &problems, &err) == 0;

	instance_log_problems(&problems);
	if (good && problems.errors == 0)
		good = settings_check(fresh, &err) == 0;
	if (err.code != ERR_NONE)
		log_error("%s", err.msg);
	if (!good || problems.errors || !open_log(fresh)) {
		config_free(fresh);
		fresh = NULL;
	}
	config_problems_release(&problems);
	return fresh;
}

/* Children are replaced as they come to rest: they were forked with the old configuration and keep their copy of it. */
static void reload(struct master *master)
{
	struct config *fresh = open_fresh(master);

	if (fresh == NULL) {
		log_error("configuration not reloaded: the old one stays");
		return;
	}
	warn_of_fixed(master->instance->config, fresh);
	config_free((struct config *)(uintptr_t)master->instance->config);
	master->instance->config = fresh;
	instance_set_limits(master->instance);
	dismiss_all(master);
	log_info("configuration reloaded");
}

static void begin_stop(struct master *master)
{
	if (master->stopping) {
		master->hurry = true;
		return;
	}
	master->stopping = true;
	notify_stopping();
	master->kill_at_ms = clock_mono_ms() + master->instance->config->process.stop_timeout_ms;
	dismiss_all(master);
}

static void reopen_log(void)
{
	struct err err = ERR_INIT;

	if (log_reopen(&err) < 0)
		log_error("%s", err.msg);
}

static void take_signal(struct master *master, int number)
{
	switch (number) {
	case SIGTERM:
	case SIGINT:
		begin_stop(master);
		break;
	case SIGHUP:
		if (master->stopping)
			break;
		notify_reloading();
		reload(master);
		if (master->ready)
			notify_ready();
		break;
	case SIGUSR1:
		reopen_log();
		dismiss_all(master); /* their successors inherit the new file */
		break;
	default:
		break; /* SIGCHLD: reaping is done each round */
	}
}

static void read_signals(struct master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		take_signal(master, (int)info.ssi_signo);
}

/*
 * Workers finish the requests they have, and searches go on as long as a worker
 * may wait for them; then what is under way is dropped.  True when all are gone.
 */
static bool drive_stop(struct master *master)
{
	bool late = master->hurry || clock_mono_ms() >= master->kill_at_ms;
	unsigned workers = signal_kind(master, SLOT_WORKER, late ? SIGKILL : SIGTERM), others;

	if (workers && !late)
		return false;
	others = signal_kind(master, SLOT_FETCHER, late ? SIGKILL : SIGINT);
	others += signal_kind(master, SLOT_JANITOR, late ? SIGKILL : SIGTERM);
	return workers + others == 0;
}

/* ---- the service manager ---- */

/* Serves, and is not about to die again. */
static bool is_sound_worker(const struct master *master, unsigned index)
{
	const struct instance *instance = master->instance;
	const struct child *child = &master->children[index];
	const struct state_slot *slot = &instance->state->map->slots[instance->first_slot + index];

	return child->pid && !child->hung && atomic_load(&slot->pid) == child->pid &&
	       atomic_load(&slot->phase) != PHASE_STARTING &&
	       (child->throttle_ms == 0 || clock_mono_ms() - child->started_ms >= SETTLED_MS);
}

static bool is_sound(const struct master *master)
{
	for (unsigned i = 2 + master->instance->fetcher_count; i < master->child_count; i++)
		if (is_sound_worker(master, i))
			return true;
	return false;
}

/* A watchdog that is told nothing while no worker serves restarts the service. */
static void tell_manager(struct master *master)
{
	uint64_t now_ms = clock_mono_ms();

	if (!master->ready && is_sound(master)) {
		master->ready = true;
		notify_ready();
	}
	if (master->alive_every_ms == 0 || now_ms < master->alive_due_ms)
		return;
	if (master->stopping || is_sound(master)) {
		notify_alive();
		master->alive_due_ms = now_ms + master->alive_every_ms;
	}
}

/* ---- the loop ---- */

static bool any_dismissed(const struct master *master)
{
	for (unsigned i = 1; i < master->child_count; i++)
		if (master->children[i].pid && master->children[i].dismissed)
			return true;
	return false;
}

static void wait_for_news(struct master *master)
{
	struct pollfd fds[] = {
		{.fd = master->signal_fd, .events = POLLIN},
		{.fd = master->instance->master_fd, .events = POLLIN},
	};
	bool pressing = master->stopping || any_dismissed(master);
	uint64_t longest_ms = pressing ? STOP_ROUND_MS : ROUND_MS, rung;

	if (master->alive_every_ms && master->alive_every_ms < longest_ms)
		longest_ms = master->alive_every_ms;
	if (poll(fds, 2, (int)longest_ms) > 0 && fds[1].revents &&
	    read(master->instance->master_fd, &rung, sizeof(rung)) < 0)
		return;
}

static void run_rounds(struct master *master)
{
	for (;;) {
		reap(master);
		log_tell_left_out();
		if (master->stopping) {
			if (drive_stop(master))
				return;
		} else {
			signal_dismissed(master);
			end_all_hung(master);
			start_missing(master);
		}
		tell_manager(master);
		wait_for_news(master);
		read_signals(master);
	}
}

static int open_signals(struct master *master)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	master->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return master->signal_fd;
}

/* In a child of its own, since the master must never open LMDB. */
static int run_recovery(struct master *master)
{
	const struct instance *instance = master->instance;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err err = ERR_INIT;

		signals_child();
		signals_allow();
		log_set_process("recovery");
		instance_open_child_log(instance, SLOT_JANITOR);
		exit(state_after_fork(instance->state, &err) < 0 ? err_exit_code(&err) : recovery_main(instance));
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		log_error("cannot run the recovery: %s", strerror(errno));
		return EX_OSERR;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

int master_run(struct instance *instance, const struct config_args *args)
{
	struct master master = {
		.instance = instance,
		.args = args,
		.child_count = instance_slot_count(instance),
		.alive_every_ms = notify_alive_every_ms(),
	};
	int code;

	if (open_signals(&master) < 0) {
		log_error("cannot take signals: %s", strerror(errno));
		return EX_OSERR;
	}
	master.children = mem_calloc(master.child_count, sizeof(*master.children));
	instance_set_limits(instance);
	code = run_recovery(&master);
	if (code == EX_OK) {
		log_info("started: %u workers, %u fetchers", instance->config->process.workers, instance->fetcher_count);
		run_rounds(&master);
		log_info("stopped");
	}
	free(master.children);
	close(master.signal_fd);
	return code;
}
