/* The agent that every case runs, so that only what is around it differs. One call is one role's work: a synced artifact,
 * and the handoff replaced by a synced one that names the next role. Its first and its last moment (CLOCK_MONOTONIC) go
 * to the file $BENCH_LOG, one line in one write. noop.mjs does the same where there is no C compiler.
 * Usage: noop ROLE, in the project's folder. NOOP_SLEEP_MS waits in between. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd) != 0) {
    perror(path);
    exit(1);
  }
  close(fd);
}

int main(int argc, char **argv) {
  static const char *roles[] = {"one", "two", "three", "four"};
  long long start = now();
  char path[128], text[512], line[128];
  const char *role = argc > 1 ? argv[1] : "";
  int at = 0;
  while (at < 4 && strcmp(roles[at], role) != 0) at++;
  if (at == 4) {
    fprintf(stderr, "noop: ROLE is one, two, three or four\n");
    return 64;
  }
  const char *sleep = getenv("NOOP_SLEEP_MS");
  if (sleep != NULL) usleep(atol(sleep) * 1000L);
  snprintf(path, sizeof path, "coordination/%s.txt", role);
  snprintf(text, sizeof text, "work of %s\n", role);
  put(path, text);
  snprintf(text, sizeof text, "---\nround: R01\nnext-role: %s\nstatus: %s\ntier: bench\n---\n",
           at < 3 ? roles[at + 1] : "human", at < 3 ? "READY" : "ROUND-COMPLETE");
  put("coordination/.next", text);
  if (rename("coordination/.next", "coordination/NEXT-ROLE.md") != 0) return 1;
  const char *log = getenv("BENCH_LOG");
  if (log != NULL) {
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    int length = snprintf(line, sizeof line, "%s %lld %lld\n", role, start, now());
    if (fd < 0 || write(fd, line, length) != length) return 1;
  }
  return 0;
}
