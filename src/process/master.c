/* SPDX-License-Identifier: MIT */
/* The master: starts children, replaces those that die, lets the pool grow, reloads, stops. */
#include "process/instance.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/environment.h"
#include "engine/settings.h"
#include "process/crashes.h"
#include "process/signals.h"

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
	uint64_t kill_at_ms;
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

/* Opened anew in each process: its lock, held while the file is rotated, belongs to the open file. */
static int open_child_log(const struct instance *instance, enum slot_kind kind, struct err *err)
{
	const struct config_log *log = &instance->config->disk_cache.log;

	return kind == SLOT_WORKER || *log->path == '\0' ? log_reopen(err) : instance_open_log(log, err);
}

static int child_body(const struct instance *instance, unsigned index)
{
	enum slot_kind kind = kind_of(instance, index);
	struct err err = ERR_INIT;

	signals_child();
	if (open_child_log(instance, kind, &err) < 0 || state_after_fork(instance->state, &err) < 0) {
		log_error("cannot start: %s", err.msg);
		return err_exit_code(&err);
	}
	state_slot_start(instance->state, instance->first_slot + index, kind);
	switch (kind) {
	case SLOT_JANITOR:
		name_process(kind, 1);
		return janitor_main(instance);
	case SLOT_FETCHER:
		name_process(kind, index - 1);
		return fetcher_main(instance, index - 2);
	default:
		name_process(kind, index - 1 - instance->fetcher_count);
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
		log_error("cannot fork: %s", strerror(errno));
		child->not_before_ms = clock_mono_ms() + THROTTLE_FIRST_MS;
		return;
	}
	child->pid = pid;
	child->dismissed = false;
	child->started_ms = clock_mono_ms();
	count(master, COUNTER_children_started);
}

/* Workers wanted now: the configured ones, and one more for each that waits. */
static unsigned wanted_workers(const struct master *master)
{
	const struct instance *instance = master->instance;
	unsigned waiting = state_count_phase(instance->state, SLOT_WORKER, PHASE_WAITING);
	unsigned wanted = instance->config->process.workers + waiting;

	return wanted < instance->worker_count ? wanted : instance->worker_count;
}

static unsigned running_workers(const struct master *master)
{
	unsigned running = 0;

	for (unsigned i = 2 + master->instance->fetcher_count; i < master->child_count; i++)
		running += master->children[i].pid != 0;
	return running;
}

static bool may_start(const struct child *child)
{
	return child->pid == 0 && clock_mono_ms() >= child->not_before_ms;
}

static void start_workers(struct master *master)
{
	unsigned first = 2 + master->instance->fetcher_count;
	unsigned configured = first + master->instance->config->process.workers;
	unsigned wanted = wanted_workers(master), running = running_workers(master);

	for (unsigned i = first; i < configured && i < master->child_count; i++) {
		if (may_start(&master->children[i])) {
			start_child(master, i);
			running++;
		}
	}
	for (unsigned i = configured; i < master->child_count && running < wanted; i++) {
		if (may_start(&master->children[i])) {
			start_child(master, i);
			running++;
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
	bool clean = child->dismissed || (WIFEXITED(status) && WEXITSTATUS(status) == EX_OK);
	char how[64];

	if (!clean) {
		describe_end(status, how, sizeof(how));
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

static void log_problems(const struct config_problems *problems)
{
	for (unsigned i = 0; i < problems->count; i++) {
		const struct config_problem *problem = &problems->items[i];
		int level = problem->severity == CONFIG_ERROR ? LEVEL_ERROR : LEVEL_WARNING;

		log_write(level, "%s:%u: %s", problem->source, problem->line, problem->text);
	}
}

static bool open_log(const struct config *config)
{
	struct err err = ERR_INIT;

	if (instance_open_log(&config->sym_server.log, &err) == 0)
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

	log_problems(&problems);
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
		if (!master->stopping)
			reload(master);
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
	uint64_t rung;

	if (poll(fds, 2, pressing ? STOP_ROUND_MS : ROUND_MS) > 0 && fds[1].revents &&
	    read(master->instance->master_fd, &rung, sizeof(rung)) < 0)
		return;
}

static void run_rounds(struct master *master)
{
	for (;;) {
		reap(master);
		if (master->stopping) {
			if (drive_stop(master))
				return;
		} else {
			signal_dismissed(master);
			start_missing(master);
		}
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
	struct master master = {.instance = instance, .args = args, .child_count = instance_slot_count(instance)};
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
