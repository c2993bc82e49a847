/* The bare limit: posix_spawn and wait, once for each role, and nothing else. Usage: chain NOOP [ROUNDS] */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv) {
  static char *roles[] = {"one", "two", "three", "four"};
  int rounds = argc > 2 ? atoi(argv[2]) : 1;
  for (int at = 0; at < rounds * 4; at++) {
    char *its[] = {argv[1], roles[at % 4], NULL};
    pid_t pid;
    int status;
    if (posix_spawn(&pid, argv[1], NULL, NULL, its, environ) != 0) return 1;
    if (waitpid(pid, &status, 0) < 0 || status != 0) return 1;
  }
  return 0;
}
