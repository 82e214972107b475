/* SPDX-License-Identifier: MIT */
/* The rows of the configuration table. */
#include "config/table.h"

#include <assert.h>
#include <stddef.h>

/* The member's offset; does not compile where the member is of another type than the row says. */
#define OFFSET(base, member, type) \
	(offsetof(base, member) + \
	 0 * sizeof(char[__builtin_types_compatible_p(type, __typeof__(((base *)0)->member)) ? 1 : -1]))

#define ROW(kind, how, key, type_, base, member, default_) \
	.path = key, .type = kind, .reload = how, .offset = OFFSET(base, member, type_), .fallback = default_

#define TEXT const char *
#define LIST struct config_list
#define UINT_ROW(base, how, key, member, default_, low, high, unit_, text) \
	{ROW(CONFIG_UINT, how, key, unsigned, base, member, #default_), .min = low, .max = high, .unit = unit_, \
	 .help = text}

#define BOOL(how, key, member, default_, text) \
	{ROW(CONFIG_BOOL, how, key, bool, struct config, member, default_), .help = text}
#define UINT(how, key, member, default_, low, high, unit_, text) \
	UINT_ROW(struct config, how, key, member, default_, low, high, unit_, text)
#define LEVEL(how, key, member, default_, text) \
	{ROW(CONFIG_LEVEL, how, key, unsigned, struct config, member, default_), .names = levels, .help = text}
#define STRING(how, key, member, default_, text) \
	{ROW(CONFIG_STRING, how, key, TEXT, struct config, member, default_), .help = text}
#define PATH(how, key, member, text) \
	{ROW(CONFIG_PATH, how, key, TEXT, struct config, member, "\"\""), .help = text}
#define STRINGS(how, key, member, default_, text) \
	{ROW(CONFIG_STRINGS, how, key, LIST, struct config, member, default_), .help = text}
#define PATHS(how, key, member, text) \
	{ROW(CONFIG_PATHS, how, key, LIST, struct config, member, "[]"), .help = text}
#define URLS(how, key, member, default_, text) \
	{ROW(CONFIG_URLS, how, key, LIST, struct config, member, default_), .help = text}
#define ENUM(how, key, member, type_, default_, names_, text) \
	{ROW(CONFIG_ENUM, how, key, type_, struct config, member, default_), .names = names_, .help = text}
#define ALIAS(key, target) {.path = key, .alias = target}

/* The keys of a log are the same in both sections. */
#define LOG(section, member, text) \
	{ROW(CONFIG_PATH, CONFIG_LIVE, section ".log.path", TEXT, struct config, member.path, "\"\""), \
	 .names = log_targets, .help = text " A file, or one of the words (a file of that name is `./syslog`). " \
		"Empty: `stderr`."}, \
	LEVEL(CONFIG_LIVE, section ".log.level", member.level, "30", \
	      "Lines below this level are dropped: Python's number or name, 30 being WARNING."), \
	UINT(CONFIG_LIVE, section ".log.maxFiles", member.max_files, 5, 0, 1000, "files", \
	     "Rotated files kept beside the log; 0: it is never rotated."), \
	UINT(CONFIG_LIVE, section ".log.maxFileSizeMB", member.max_file_size_mb, 50, 0, 1048576, "MB", \
	     "Size at which the log is rotated; 0 leaves that to logrotate.")

enum { MS_MAX = 24 * 3600 * 1000, MB_MAX = 64 * 1024 * 1024, SECONDS_MAX = 366 * 24 * 3600 };

static const struct config_name levels[] = {
	{"DEBUG", 10}, {"INFO", 20}, {"WARNING", 30}, {"ERROR", 40}, {"CRITICAL", 50}, {NULL, 0},
};
static const struct config_name log_targets[] = {
	{"stderr", 0}, {"syslog", 0}, {"journal", 0}, {NULL, 0},
};
static const struct config_name lookups[] = {
	{"rules", CONFIG_LOOKUP_RULES}, {"nearest", CONFIG_LOOKUP_NEAREST}, {NULL, 0},
};
static const struct config_name debug_protocols[] = {
	{"off", CONFIG_DEBUG_OFF}, {"local", CONFIG_DEBUG_LOCAL}, {NULL, 0},
};
static const struct config_name web_servers[] = {
	{"nginx", CONFIG_NGINX}, {"apache", CONFIG_APACHE}, {NULL, 0},
};
static const struct config_name server_types[] = {
	{"symstore", CONFIG_SYMSTORE}, {"breakpad", CONFIG_BREAKPAD}, {NULL, 0},
};

const struct config_row config_rows[] = {
	PATH(CONFIG_RESTART, "DiskCache.cachePath", disk_cache.cache_path,
	     "Directory of everything kept: tables, files, shared state. "
	     "Empty: `$localstatedir/cache/symbolicate`."),
	PATHS(CONFIG_LIVE, "DiskCache.localSymbolDirs", disk_cache.local_symbol_dirs,
	      "Directories of `.sym` files (`NAME/ID/NAME.sym`), asked in order before any server."),
	UINT(CONFIG_LIVE, "DiskCache.maxSizeMB", disk_cache.max_size_mb, 4096, 1, MB_MAX, "MB",
	     "Hard limit of the tables' file and of files added raw; the least recently used go first."),
	UINT(CONFIG_LIVE, "DiskCache.maxOversizeMB", disk_cache.max_oversize_mb, 1024, 0, MB_MAX, "MB",
	     "Hard limit of a second file, for tables that by themselves exceed `maxSizeMB`: each is kept for "
	     "10 minutes, so that it is not built for every request. 0: none are kept."),
	UINT(CONFIG_RESTART, "DiskCache.port", disk_cache.port, 8888, 0, 65535, NULL,
	     "Accepted for old files: the disk cache needs no port."),
	UINT(CONFIG_LIVE, "DiskCache.retries", disk_cache.retries, 3, 1, 100, "tries",
	     "Tries per source, the first included; an absent file is never tried again. "
	     "Without it `SymServer.retries` counts."),
	UINT(CONFIG_LIVE, "DiskCache.retryDelayMs", disk_cache.retry_delay_ms, 500, 0, 600000, "ms",
	     "Pause between two tries. Without it `SymServer.retryDelayMs` counts."),
	URLS(CONFIG_LIVE, "DiskCache.symbolURLs", disk_cache.symbol_urls, "[\"https://symbols.mozilla.org/\"]",
	     "Breakpad symbol servers, asked in order. The default is left out where `servers` is set and "
	     "this is not, so that private names stay private."),
	UINT(CONFIG_LIVE, "DiskCache.retryTimeout", disk_cache.retry_timeout_s, 600, 0, SECONDS_MAX, "s",
	     "How long a directory or symbol URL is not asked again for a file that it does not have; after "
	     "failures the time is fixed, see architecture.md."),
	UINT(CONFIG_LIVE, "DiskCache.connectTimeoutMs", disk_cache.transfer.connect_timeout_ms, 5000, 1, MS_MAX,
	     "ms", "Limit for connecting to a server, TLS included."),
	UINT(CONFIG_LIVE, "DiskCache.firstByteTimeoutMs", disk_cache.transfer.first_byte_timeout_ms, 30000, 1,
	     MS_MAX, "ms", "Limit for a server to begin its answer."),
	UINT(CONFIG_LIVE, "DiskCache.stallTimeoutMs", disk_cache.transfer.stall_timeout_ms, 30000, 1, MS_MAX, "ms",
	     "A transfer that brings less than `stallBytes` in this time is given up."),
	UINT(CONFIG_LIVE, "DiskCache.stallBytes", disk_cache.transfer.stall_bytes, 30000, 0, 1 << 30, "bytes",
	     "See `stallTimeoutMs`."),
	UINT(CONFIG_LIVE, "DiskCache.totalTimeoutMs", disk_cache.transfer.total_timeout_ms, 3600000, 0, MS_MAX,
	     "ms", "Limit for a whole transfer; 0: none."),
	UINT(CONFIG_LIVE, "DiskCache.maxDownloadMB", disk_cache.max_download_mb, 4096, 1, MB_MAX, "MB",
	     "Limit for one file as it is transferred."),
	UINT(CONFIG_LIVE, "DiskCache.maxSymbolMB", disk_cache.max_symbol_mb, 8192, 1, MB_MAX, "MB",
	     "Limit for the text of one `.sym` file after decompression."),
	LOG("DiskCache", disk_cache.log,
	    "Log of downloads and of the cache's upkeep."),
	ALIAS("DiskCache.start", "quickstart.DiskCache.start"),
	ALIAS("DiskCache.restart", "quickstart.DiskCache.restart"),

	UINT(CONFIG_RESTART, "SymServer.port", sym_server.port, 8080, 0, 65535, NULL,
	     "Port of quickstart's web server; the FastCGI server itself listens where `process.listen` says."),
	STRINGS(CONFIG_LIVE, "SymServer.memcachedServers", sym_server.memcached_servers, "[\"127.0.0.1:11211\"]",
		"memcached servers as `host:port`; an absolute path is a unix socket. Empty: none."),
	UINT(CONFIG_LIVE, "SymServer.memcachedTimeoutMs", sym_server.memcached_timeout_ms, 20, 1, 10000, "ms",
	     "How long a memcached server may take before it is left alone for a while."),
	STRING(CONFIG_LIVE, "SymServer.DiskCacheServer", sym_server.disk_cache_server, "\"127.0.0.1:8888\"",
	       "Accepted for old files: the disk cache is part of the server. Another host brings a warning."),
	UINT(CONFIG_LIVE, "SymServer.retries", sym_server.retries, 3, 1, 100, "tries",
	     "Old files have it here: counts where `DiskCache.retries` is not set."),
	UINT(CONFIG_LIVE, "SymServer.retryDelayMs", sym_server.retry_delay_ms, 500, 0, 600000, "ms",
	     "Old files have it here: counts where `DiskCache.retryDelayMs` is not set."),
	ENUM(CONFIG_LIVE, "SymServer.lookup", sym_server.lookup, enum config_lookup, "\"rules\"", lookups,
	     "`nearest`: on `POST /` an address past a function's end goes to the nearest symbol below it, "
	     "as Snappy did."),
	BOOL(CONFIG_LIVE, "SymServer.lenientModules", sym_server.lenient_modules, "true",
	     "A module whose name or id is odd makes only itself unfound; `false`: the request is refused."),
	UINT(CONFIG_LIVE, "SymServer.maxFetchesPerRequest", sym_server.max_fetches_per_request, 100, 0, 100000,
	     "modules", "Modules that one request may cause to be fetched."),
	UINT(CONFIG_LIVE, "SymServer.maxBodyMB", sym_server.max_body_mb, 64, 1, 1024, "MB",
	     "Limit for a request's body."),
	UINT(CONFIG_LIVE, "SymServer.maxJobs", sym_server.max_jobs, 10, 1, 1000, "jobs",
	     "Limit for the jobs of one request."),
	UINT(CONFIG_LIVE, "SymServer.maxModules", sym_server.max_modules, 20000, 1, 1000000, "modules",
	     "Limit for the modules of one request."),
	UINT(CONFIG_LIVE, "SymServer.maxStacks", sym_server.max_stacks, 1000000, 1, 50000000, "stacks",
	     "Limit for the stacks of one request."),
	UINT(CONFIG_LIVE, "SymServer.maxFrames", sym_server.max_frames, 2000000, 1, 50000000, "frames",
	     "Limit for the frames of one request."),
	LOG("SymServer", sym_server.log, "Log of the master and of requests."),
	ALIAS("SymServer.start", "quickstart.SymServer.start"),
	ALIAS("SymServer.restart", "quickstart.SymServer.restart"),

	ENUM(CONFIG_RESTART, "quickstart.webServer", quickstart.web_server, enum config_web_server, "\"nginx\"",
	     web_servers, "The web server that quickstart starts."),
	STRING(CONFIG_RESTART, "quickstart.listenAddress", quickstart.listen_address, "\"127.0.0.1\"",
	       "Address on which quickstart's web server listens."),
	BOOL(CONFIG_RESTART, "quickstart.sample", quickstart.sample, "true",
	     "Send the sample request once everything answers."),
	BOOL(CONFIG_RESTART, "quickstart.verbose", quickstart.verbose, "false", "Say more while starting."),
	BOOL(CONFIG_RESTART, "quickstart.memcached.start", quickstart.memcached.start, "true",
	     "Start a memcached."),
	BOOL(CONFIG_RESTART, "quickstart.memcached.restart", quickstart.memcached.restart, "false",
	     "Stop quickstart's running one first, so that it starts empty."),
	STRING(CONFIG_RESTART, "quickstart.memcached.binary", quickstart.memcached.binary, "\"memcached\"",
	       "The program."),
	UINT(CONFIG_RESTART, "quickstart.memcached.port", quickstart.memcached.port, 11211, 1, 65535, NULL,
	     "Its port."),
	STRING(CONFIG_RESTART, "quickstart.memcached.listenAddress", quickstart.memcached.listen_address,
	       "\"127.0.0.1\"", "Its address; memcached has no passwords, so keep it local."),
	UINT(CONFIG_RESTART, "quickstart.memcached.maxMemoryMB", quickstart.memcached.max_memory_mb, 64, 1, MB_MAX,
	     "MB", "Its memory."),
	BOOL(CONFIG_RESTART, "quickstart.Docker.enable", quickstart.docker.enable, "false",
	     "Run the services in containers."),
	BOOL(CONFIG_RESTART, "quickstart.Docker.restart", quickstart.docker.restart, "false",
	     "Stop running containers first."),
	STRING(CONFIG_RESTART, "quickstart.Docker.apiSocket", quickstart.docker.api_socket,
	       "\"unix:///var/run/docker.sock\"", "Docker's socket."),
	STRING(CONFIG_RESTART, "quickstart.Docker.command", quickstart.docker.command, "\"docker\"",
	       "The client program, `podman` for example."),
	BOOL(CONFIG_RESTART, "quickstart.Docker.publish.memcached", quickstart.docker.publish.memcached, "false",
	     "Publish memcached's port."),
	BOOL(CONFIG_RESTART, "quickstart.Docker.publish.DiskCache", quickstart.docker.publish.disk_cache, "false",
	     "Accepted for old files: there is no such port."),
	BOOL(CONFIG_RESTART, "quickstart.Docker.publish.SymServer", quickstart.docker.publish.sym_server, "true",
	     "Publish the web server's port."),
	BOOL(CONFIG_RESTART, "quickstart.DiskCache.start", quickstart.disk_cache.start, "true",
	     "Accepted for old files: the disk cache starts with the server. Also as `DiskCache.start`."),
	BOOL(CONFIG_RESTART, "quickstart.DiskCache.restart", quickstart.disk_cache.restart, "true",
	     "Accepted for old files. Also as `DiskCache.restart`."),
	BOOL(CONFIG_RESTART, "quickstart.SymServer.start", quickstart.sym_server.start, "true",
	     "Start the server and the web server. Also as `SymServer.start`."),
	BOOL(CONFIG_RESTART, "quickstart.SymServer.restart", quickstart.sym_server.restart, "true",
	     "Stop a running one first. Also as `SymServer.restart`."),

	STRING(CONFIG_LIVE, "identity.name", identity.name, "\"symbolicate\"", "Title of the status page."),
	STRING(CONFIG_LIVE, "identity.host", identity.host, "\"localhost\"", "Host name shown there."),
	STRING(CONFIG_LIVE, "identity.administrator", identity.administrator, "\"\"", "Whom to ask, shown there."),
	STRING(CONFIG_LIVE, "identity.default_sympath", identity.default_sympath,
	       "\"srv*c:\\\\symbols*http://localhost:8080/symbols\"",
	       "Value of `_NT_SYMBOL_PATH` that the page recommends."),

	PATH(CONFIG_LIVE, "general.cacheLocation", general.cache_location,
	     "Directory of proxied files. Empty: `files` in `DiskCache.cachePath`."),
	UINT(CONFIG_LIVE, "general.maxSizeMB", general.max_size_mb, 20480, 1, MB_MAX, "MB",
	     "Limit for proxied files; the least recently used go first."),
	STRINGS(CONFIG_LIVE, "general.blacklist", general.blacklist, "[]",
		"Regular expressions of file names that are never asked for, matched from the name's start and "
		"without case."),
	BOOL(CONFIG_LIVE, "general.enableStatistics", general.enable_statistics, "true",
	     "Keep pySymProxy's statistics and serve them."),
	{ROW(CONFIG_MAP, CONFIG_LIVE, "general.pathMap", struct config_map, struct config, general.path_map, "{}"),
	 .help = "Where Windows paths of old files and of `file.ptr` are here: "
		 "`{\"\\\\\\\\server\\\\share\": \"/mnt/share\"}`."},

	{ROW(CONFIG_SERVERS, CONFIG_LIVE, "servers", struct config_server *, struct config, servers, "[]"),
	 .help = "Symbol servers in the order in which they are asked; each has the keys below."},

	{ROW(CONFIG_OBJECT, CONFIG_LIVE, "logging", TEXT, struct config, logging, "{}"),
	 .help = "Accepted for old files (Python's dictConfig): the two `log` sections count."},

	UINT(CONFIG_LIVE, "process.workers", process.workers, 0, 0, 1024, "processes",
	     "Workers kept ready; 0: 2 per core."),
	UINT(CONFIG_RESTART, "process.maxWorkers", process.max_workers, 128, 1, 1024, "processes",
	     "Workers at most, those that wait for downloads or slow clients included."),
	UINT(CONFIG_LIVE, "process.reserved", process.reserved, 0, 0, 1023, "processes",
	     "Workers kept free of waiting; 0: half of `workers`, at least 4."),
	UINT(CONFIG_RESTART, "process.fetchers", process.fetchers, 16, 1, 256, "processes",
	     "Downloads at the same time."),
	UINT(CONFIG_LIVE, "process.builders", process.builders, 0, 0, 256, "processes",
	     "Fetchers on the cache directory that compact symbols at the same time; 0: one per core."),
	UINT(CONFIG_LIVE, "process.waitMs", process.wait_ms, 50000, 0, MS_MAX, "ms",
	     "How long a request waits for modules being fetched; keep it below the web server's limit."),
	UINT(CONFIG_LIVE, "process.readTimeoutMs", process.read_timeout_ms, 30000, 1, MS_MAX, "ms",
	     "Limit for reading a whole request."),
	UINT(CONFIG_LIVE, "process.sendTimeoutMs", process.send_timeout_ms, 30000, 1, MS_MAX, "ms",
	     "A reply of which the client takes nothing for so long is cut."),
	UINT(CONFIG_LIVE, "process.stopTimeoutMs", process.stop_timeout_ms, 10000, 1, MS_MAX, "ms",
	     "How long requests may take to end when the server stops."),
	UINT(CONFIG_LIVE, "process.hangTimeoutMs", process.hang_timeout_ms, 300000, 1000, MS_MAX, "ms",
	     "A worker or fetcher in whose work nothing moves for so long is killed and replaced; a worker not "
	     "before `readTimeoutMs`, `waitMs` and `sendTimeoutMs` together."),
	UINT(CONFIG_LIVE, "process.maxRequests", process.max_requests, 0, 0, 1000000000, "requests",
	     "A worker is replaced after about so many (a tenth more or less, each its own number); 0: never."),
	UINT(CONFIG_LIVE, "process.namesRingMB", process.names_ring_mb, 32, 1, 4096, "MB",
	     "Memory of each of the first `workers` for decoded function names."),
	ENUM(CONFIG_LIVE, "process.debugProtocol", process.debug_protocol, enum config_debug_protocol, "\"off\"",
	     debug_protocols, "`local`: Snappy's debug actions are served to this host and `adminNetworks`."),
	STRINGS(CONFIG_LIVE, "process.adminNetworks", process.admin_networks, "[]",
		"Networks besides this host that may see logs and configuration: `10.0.0.0/8`."),
	STRINGS(CONFIG_LIVE, "process.allowedHosts", process.allowed_hosts,
		"[\"localhost\", \"127.0.0.1\", \"[::1]\"]",
		"Names in the `Host` header under which these are served."),
	STRING(CONFIG_RESTART, "process.listen", process.listen, "\"\"",
	       "`unix:/path` or `host:port`; empty: the inherited descriptor 0 or systemd's."),
};
const unsigned config_row_count = sizeof(config_rows) / sizeof(config_rows[0]);

#define SERVER struct config_server
#define SERVER_TEXT(key, type_, member, text) \
	{ROW(type_, CONFIG_LIVE, key, TEXT, SERVER, member, "\"\""), .help = text}
#define SERVER_STRINGS(key, member, default_, text) \
	{ROW(CONFIG_STRINGS, CONFIG_LIVE, key, LIST, SERVER, member, default_), .help = text}
#define SERVER_UINT(key, member, default_, low, high, unit_, text) \
	UINT_ROW(SERVER, CONFIG_LIVE, key, member, default_, low, high, unit_, text)

const struct config_row config_server_rows[] = {
	SERVER_TEXT("name", CONFIG_STRING, name, "Shown on the status page. Empty: the identifier."),
	SERVER_TEXT("identifier", CONFIG_STRING, identifier,
		    "Names the server in statistics. Empty: the name, else the remote."),
	SERVER_TEXT("remote", CONFIG_LOCATION, remote, "Required: an `http` or `https` URL, or a directory."),
	{ROW(CONFIG_FLAGS, CONFIG_LIVE, "type", unsigned, SERVER, types, "[\"symstore\"]"), .names = server_types,
	 .help = "What it holds: `symstore` (Microsoft's layout, for the proxy), `breakpad` (for symbolication)."},
	SERVER_TEXT("cacheLocation", CONFIG_PATH, cache_location,
		    "Directory of what comes from it. Empty: `general.cacheLocation`."),
	SERVER_UINT("retryTimeout", retry_timeout_s, 600, 0, SECONDS_MAX, "s",
		    "How long a file that it does not have is not asked for again."),
	{.path = "retryTimout", .alias = "retryTimeout"},
	SERVER_UINT("maxRequests", max_requests, 10, 1, 10000, "requests",
		    "Requests to it at the same time, those of all processes on the cache directory."),
	SERVER_STRINGS("blacklist", blacklist, "[]", "File names that it is not asked for (regular expressions)."),
	SERVER_STRINGS("whitelist", whitelist, "[\".*\"]", "File names that it is asked for."),
	SERVER_UINT("connectTimeoutMs", transfer.connect_timeout_ms, 0, 0, MS_MAX, "ms",
		    "0, here and below: the value of `DiskCache`."),
	SERVER_UINT("firstByteTimeoutMs", transfer.first_byte_timeout_ms, 0, 0, MS_MAX, "ms", "Likewise."),
	SERVER_UINT("stallTimeoutMs", transfer.stall_timeout_ms, 0, 0, MS_MAX, "ms", "Likewise."),
	SERVER_UINT("stallBytes", transfer.stall_bytes, 0, 0, 1 << 30, "bytes", "Likewise."),
	SERVER_UINT("totalTimeoutMs", transfer.total_timeout_ms, 0, 0, MS_MAX, "ms", "Likewise."),
	{ROW(CONFIG_SECRETS, CONFIG_LIVE, "headers", struct config_map, SERVER, headers, "{}"),
	 .help = "Headers of every request to it, `{\"Authorization\": \"Bearer …\"}`; never shown, never sent "
		 "to another origin."},
	SERVER_TEXT("proxy", CONFIG_URL, proxy,
		    "HTTP proxy through which it is asked; `no_proxy` does not count then."),
	{ROW(CONFIG_DECISION, CONFIG_LIVE, "allowPrivate", enum config_tristate, SERVER, allow_private_key, "null"),
	 .help = "Whether its host may have a private address. null: `false` for well-known public servers, "
		 "else `true`."},
};
const unsigned config_server_row_count = sizeof(config_server_rows) / sizeof(config_server_rows[0]);

static const struct config_row *find_exact(const struct config_row *rows, unsigned count, struct slice path)
{
	for (unsigned i = 0; i < count; i++)
		if (slice_is(path, rows[i].path))
			return &rows[i];
	return NULL;
}

const struct config_row *config_row_find(const struct config_row *rows, unsigned count, struct slice path)
{
	const struct config_row *row = find_exact(rows, count, path);

	return row && row->alias ? find_exact(rows, count, slice_of(row->alias)) : row;
}

bool config_is_section(struct slice path)
{
	for (unsigned i = 0; i < config_row_count; i++) {
		struct slice row = slice_of(config_rows[i].path);

		if (row.len > path.len && row.data[path.len] == '.' && slice_starts_with(row, path))
			return true;
	}
	return false;
}

struct config_origin *config_origin_of(const struct config *config, const char *path)
{
	const struct config_row *row = config_row_find(config_rows, config_row_count, slice_of(path));

	assert(row);
	return config_origin(config, row);
}
