/* SPDX-License-Identifier: MIT */
/* symbolicate-fcgi: options, configuration, the instance; then the master. */
#include "process/instance.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/settings.h"
#include "process/listen.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

struct options {
	struct config_args args;
	const char **overrides;
	const char *listen; /* NULL: process.listen */
	struct config_problems problems; /* of the configuration */
	bool single;
};

/* --single: the web server starts as many as it needs, and speaks to one at a time. */
static const char *const single_overrides[] = {
	"process.workers=1", "process.maxWorkers=1", "process.reserved=0", "process.fetchers=1",
};
enum { SINGLE_OVERRIDES = sizeof(single_overrides) / sizeof(single_overrides[0]) };

static const char usage_text[] =
	"usage: symbolicate-fcgi [-c FILE] [-o KEY=VALUE]... [--listen unix:/PATH|HOST:PORT | --single]\n"
	"\n"
	"Answers symbolication requests that a web server hands over by FastCGI. The\n"
	"listening socket is inherited as descriptor 0 (spawn-fcgi, systemd), or made\n"
	"with --listen. Stays in the foreground.\n"
	"\n"
	"  -c, --config FILE   configuration; default " SYSCONFDIR "/symbolicate.json,\n"
	"                      then ./etc/symbolicate.json\n"
	"  -o KEY=VALUE        overrides one setting; may be repeated\n"
	"      --listen ADDR   overrides process.listen\n"
	"      --single        one worker and one fetcher, on descriptor 0: for mod_fcgid,\n"
	"                      which starts as many as it needs\n"
	"  -h, --help\n"
	"  -V, --version\n";

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"listen", required_argument, NULL, 'l'},
	{"single", no_argument, NULL, 's'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static void make_single(struct options *options)
{
	options->listen = "";
	for (int i = 0; i < SINGLE_OVERRIDES; i++)
		options->overrides[options->args.override_count++] = single_overrides[i];
}

/* -1 to go on, otherwise the exit code. */
static int parse_options(int argc, char **argv, struct options *options)
{
	int c;

	options->overrides = mem_calloc((size_t)argc + SINGLE_OVERRIDES, sizeof(*options->overrides));
	options->args.overrides = options->overrides;
	while ((c = getopt_long(argc, argv, "c:o:hV", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			options->args.file = optarg;
			break;
		case 'o':
			options->overrides[options->args.override_count++] = optarg;
			break;
		case 'l':
			options->listen = optarg;
			break;
		case 's':
			options->single = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EX_OK;
		case 'V':
			puts("symbolicate-fcgi " PACKAGE_VERSION);
			return EX_OK;
		default:
			fputs(usage_text, stderr);
			return EX_USAGE;
		}
	}
	if (optind < argc || (options->single && options->listen)) {
		fputs(usage_text, stderr);
		return EX_USAGE;
	}
	if (options->single)
		make_single(options);
	return -1;
}

/* Where the server does not start, what is wrong is told on standard error, else in the log. */
static int load_config(struct options *options, struct config **ret)
{
	struct config_problems *problems = &options->problems;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	int code = EX_OK;

	if (config_open(ret, &options->args, problems, &err) < 0) {
		fprintf(stderr, "symbolicate-fcgi: %s\n", err.msg);
		code = err_exit_code(&err);
	} else if (problems->errors) {
		code = EX_CONFIG;
	} else if (settings_check(*ret, &err) < 0) {
		fprintf(stderr, "symbolicate-fcgi: %s\n", err.msg);
		code = EX_CONFIG;
	}
	if (code != EX_OK) {
		config_problems_format(problems, &text);
		fputs(buf_text(&text), stderr);
	}
	buf_release(&text);
	return code;
}

static int make_eventfds(struct instance *instance, struct err *err)
{
	instance->queue_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	instance->master_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (instance->queue_fd < 0 || instance->master_fd < 0)
		return err_sys(err, "cannot make an eventfd");
	instance->worker_fds = mem_calloc(instance->worker_count, sizeof(int));
	for (unsigned i = 0; i < instance->worker_count; i++) {
		instance->worker_fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (instance->worker_fds[i] < 0)
			return err_sys(err, "cannot make an eventfd");
	}
	return 0;
}

static int make_directories(const struct config *config, struct err *err)
{
	char *tmp = mem_printf("%s/tmp", config->disk_cache.cache_path);
	int result = file_make_dirs(tmp, err);

	free(tmp);
	return result;
}

/* Mirrored by instance_deinit. */
static int instance_init(struct instance *instance, const struct config *config,
			 const struct config_problems *problems, const char *listen, struct err *err)
{
	const struct config_process *process = &config->process;
	int first;

	*instance = (struct instance){
		.config = config,
		.master_pid = getpid(),
		.listen_fd = -1,
		.fetcher_count = process->fetchers,
		.worker_count = process->max_workers > process->workers ? process->max_workers : process->workers,
	};
	log_set_process("master");
	if (instance_open_logs(config, err) < 0)
		return -1;
	instance_log_problems(problems);
	instance->listen_fd = listen_open(listen, err);
	if (instance->listen_fd < 0 || make_directories(config, err) < 0 ||
	    state_open(&instance->state, config->disk_cache.cache_path, err) < 0)
		return -1;
	first = state_claim_slots(instance->state, instance_slot_count(instance), err);
	if (first < 0 || make_eventfds(instance, err) < 0)
		return -1;
	instance->first_slot = (unsigned)first;
	state_slot_start(instance->state, instance->first_slot, SLOT_MASTER);
	return 0;
}

static void instance_deinit(struct instance *instance)
{
	for (unsigned i = 0; instance->worker_fds && i < instance->worker_count; i++)
		close(instance->worker_fds[i]);
	free(instance->worker_fds);
	state_close(instance->state);
	if (instance->listen_fd >= 0)
		close(instance->listen_fd);
	log_close();
}

/* What is wrong about an address or a missing socket is to be mended where it was given. */
static int start_exit_code(const struct options *options, const char *address, const struct err *err)
{
	if (err->code != ERR_INPUT)
		return err_exit_code(err);
	return options->listen || *address == '\0' ? EX_USAGE : EX_CONFIG;
}

static int run(const struct options *options, struct config *config)
{
	const char *listen = options->listen ? options->listen : config->process.listen;
	struct instance instance;
	struct err err = ERR_INIT;
	int code;
	char *address = mem_strdup(listen); /* a reload frees the configuration */

	if (instance_init(&instance, config, &options->problems, address, &err) < 0) {
		log_error("%s", err.msg);
		code = start_exit_code(options, address, &err);
	} else {
		code = master_run(&instance, &options->args);
	}
	if (instance.listen_fd >= 0)
		listen_remove(address);
	config_free((struct config *)(uintptr_t)instance.config);
	instance_deinit(&instance);
	free(address);
	return code;
}

int main(int argc, char **argv)
{
	struct options options = {.listen = NULL};
	struct config *config = NULL;
	int code = parse_options(argc, argv, &options);

	if (code < 0)
		code = load_config(&options, &config);
	else
		goto out;
	if (code == EX_OK)
		code = run(&options, config);
	else
		config_free(config);
out:
	config_problems_release(&options.problems);
	free(options.overrides);
	return code;
}
