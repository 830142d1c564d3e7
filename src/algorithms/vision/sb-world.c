/* sb-world.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-world.h"

#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "algorithms/contract/sb-contract.h"
#include "wire/sb-json.h"

/* Numbers are sent so many together: many small sums would each wait for the network. */
#define ENOUGH    262144
#define ALIGNMENT 64
/* Numbers that are summed at once, so that they are still near when they are handed out. */
#define BLOCK 4096
/* What a shell exits with, too, when there is no such program. */
#define NOT_FOUND 127

static int rank;
static int size = 1;
static gboolean started;
static GArray *requests; /* MPI_Request */
static float *collected; /* not sent yet */
static gsize n_collected;

/* Memory of all workers, where they are in one machine: a part for each, and one for all. */
static struct
{
  void *memory;
  gsize bytes;
  float **parts; /* by rank; NULL where there is none */
  gsize count;   /* of numbers in each */
  gsize begin;   /* what is to be summed */
  gsize end;
} shared;

/* Where the first worker has put it. */
typedef struct
{
  int process;
  int fd;
  guint32 token[4]; /* what it begins with */
} SharedPlace;

/**
 * sb_world_get_hosts:
 *
 * Returns: how many workers the job is to have, as resourceconfig.json says
 */
int
sb_world_get_hosts (void)
{
  g_autofree char *path = sb_contract_path ("input", "config", "resourceconfig.json", NULL);
  g_autoptr (JsonObject) json = sb_json_load_file (path, NULL);
  JsonArray *hosts = json != NULL ? sb_json_get_array (json, "hosts") : NULL;

  return hosts != NULL ? MAX (1, (int) json_array_get_length (hosts)) : 1;
}

/**
 * sb_world_is_launched:
 *
 * Returns: whether this process is one of several that mpirun has started
 */
gboolean
sb_world_is_launched (void)
{
  return g_getenv ("OMPI_COMM_WORLD_SIZE") != NULL || g_getenv ("PMI_SIZE") != NULL;
}

static volatile sig_atomic_t child;

/* mpirun hands SIGUSR1 on to every worker at once. SIGTERM it would answer by killing them. */
static void
pass_on (int number)
{
  if (child > 0)
    kill ((pid_t) child, SIGUSR1);
}

static char **
make_command (char **argv, int n, guint threads)
{
  static const char *const passed[] = {
    "SM_PREFIX", "SAGEBRUSH_ALGORITHM", "SAGEBRUSH_WEIGHTS_DIR", "HWLOC_COMPONENTS"
  };
  g_autoptr (GStrvBuilder) command = g_strv_builder_new ();
  g_autofree char *workers = g_strdup_printf ("%d", n);
  g_autofree char *per_worker = g_strdup_printf ("SM_NUM_CPUS=%u", threads);
  const char *hosts = g_getenv ("SAGEBRUSH_HOSTFILE");

  g_strv_builder_add_many (command, "mpirun", "--allow-run-as-root", "--oversubscribe", NULL);
  g_strv_builder_add_many (command, "--bind-to", "none", "-n", workers, "-x", per_worker, NULL);
  /* Other machines get nothing else of our environment. */
  for (guint i = 0; i < G_N_ELEMENTS (passed); i++)
    if (g_getenv (passed[i]) != NULL)
      g_strv_builder_add_many (command, "-x", passed[i], NULL);
  if (hosts != NULL)
    g_strv_builder_add_many (command, "--hostfile", hosts, NULL);
  for (int i = 0; argv[i] != NULL; i++)
    g_strv_builder_add (command, argv[i]);
  return g_strv_builder_end (command);
}

/**
 * sb_world_launch:
 * @argv: what each worker runs
 * @n: how many
 * @threads: of each
 *
 * Starts the workers through mpirun and waits for them. SIGTERM reaches them as SIGUSR1.
 * $SAGEBRUSH_HOSTFILE names the machines of a real cluster.
 *
 * Returns: an exit code
 */
int
sb_world_launch (char **argv, int n, guint threads)
{
  struct sigaction action = { .sa_handler = pass_on };
  g_auto (GStrv) command = NULL;
  int status = 0;

  /* Else mpirun asks every X display for its graphics cards, and waits for one that is stuck. */
  g_setenv ("HWLOC_COMPONENTS", "-gl", TRUE);
  command = make_command (argv, n, threads);
  child = fork ();
  if (child == 0)
    {
      /* Who stops a job signals its whole process group; mpirun must not be in it. */
      setpgid (0, 0);
      prctl (PR_SET_PDEATHSIG, SIGTERM);
      execvp (command[0], command);
      _exit (NOT_FOUND);
    }
  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGINT, &action, NULL);
  while (child > 0 && waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
  if (child < 0 || (WIFEXITED (status) && WEXITSTATUS (status) == NOT_FOUND))
    sb_contract_write_failure ("ClientError: mpirun cannot be started. Install Open MPI, or use "
                               "one instance.");
  return child > 0 && WIFEXITED (status) ? WEXITSTATUS (status) : 1;
}

void
sb_world_start (void)
{
  int level;

  if (!sb_world_is_launched ())
    return;
  MPI_Init_thread (NULL, NULL, MPI_THREAD_FUNNELED, &level);
  MPI_Comm_rank (MPI_COMM_WORLD, &rank);
  MPI_Comm_size (MPI_COMM_WORLD, &size);
  requests = g_array_new (FALSE, FALSE, sizeof (MPI_Request));
  started = TRUE;
}

void
sb_world_end (void)
{
  if (shared.parts != NULL)
    munmap (shared.memory, shared.bytes);
  g_clear_pointer (&shared.parts, g_free);
  if (started)
    MPI_Finalize ();
  g_clear_pointer (&requests, g_array_unref);
  started = FALSE;
}

/**
 * sb_world_abort:
 *
 * Ends all workers: one of them cannot go on.
 */
void
sb_world_abort (void)
{
  if (started)
    MPI_Abort (MPI_COMM_WORLD, 1);
}

int
sb_world_get_rank (void)
{
  return rank;
}

int
sb_world_get_size (void)
{
  return size;
}

/**
 * sb_world_is_first:
 *
 * Returns: whether this worker is the one that writes the log and the model
 */
gboolean
sb_world_is_first (void)
{
  return rank == 0;
}

/* Whether all workers say so. */
static gboolean
all_agree (gboolean fine)
{
  int least = fine;

  MPI_Allreduce (MPI_IN_PLACE, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return least != 0;
}

/* Memory without a name: whatever happens to the workers, nothing is left of it. */
static int
make_memory (SharedPlace *place)
{
  int fd = memfd_create ("sagebrush-gradients", MFD_CLOEXEC);

  place->process = getpid ();
  place->fd = fd;
  for (guint i = 0; i < G_N_ELEMENTS (place->token); i++)
    place->token[i] = g_random_int ();
  if (fd >= 0 && (posix_fallocate (fd, 0, (off_t) shared.bytes) != 0 ||
                  pwrite (fd, place->token, sizeof place->token, 0) != sizeof place->token))
    {
      close (fd);
      return -1;
    }
  return fd;
}

/* In another machine there is no such process, or it has other memory. */
static int
find_memory (const SharedPlace *place)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd/%d", place->process, place->fd);
  int fd = place->fd >= 0 ? open (path, O_RDWR | O_CLOEXEC | O_NONBLOCK) : -1;
  guint32 token[G_N_ELEMENTS (place->token)];

  if (fd >= 0 && (pread (fd, token, sizeof token, 0) != sizeof token ||
                  memcmp (token, place->token, sizeof token) != 0))
    {
      close (fd);
      return -1;
    }
  return fd;
}

/* All workers' memory, or MAP_FAILED. */
static void *
map_memory (void)
{
  SharedPlace place = { 0 };
  int fd = rank == 0 ? make_memory (&place) : -1;
  void *memory = MAP_FAILED;

  MPI_Bcast (&place, sizeof place, MPI_BYTE, 0, MPI_COMM_WORLD);
  if (rank > 0)
    fd = find_memory (&place);
  if (fd >= 0)
    memory = mmap (NULL, shared.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  /* The first worker must not close it before the others have it. */
  if (!all_agree (memory != MAP_FAILED) && memory != MAP_FAILED)
    {
      munmap (memory, shared.bytes);
      memory = MAP_FAILED;
    }
  if (fd >= 0)
    close (fd);
  return memory;
}

/**
 * sb_world_new_shared:
 * @count: how many numbers each worker is to have
 * @n_common: how many all are to have together
 * @common: (out) (transfer none): these; untouched when there are none
 *
 * Memory of workers in one machine, in which they add without sending anything: see
 * sb_world_sum_share(). Every worker has to ask at the same time, and once only.
 *
 * Returns: (transfer none) (nullable): this worker's numbers; like @common zeros, aligned to 64
 * bytes, which are there until sb_world_end(). %NULL where there is one worker, where they are in
 * several machines, or where there is no such memory: then sums are sent
 */
float *
sb_world_new_shared (gsize count, gsize n_common, float **common)
{
  gsize aligned = ALIGNMENT / sizeof (float);
  gsize padded = (count + aligned - 1) / aligned * aligned;
  float *at;

  g_return_val_if_fail (shared.parts == NULL, NULL);
  if (size == 1)
    return NULL;
  shared.bytes = ALIGNMENT + (padded * (gsize) size + n_common) * sizeof (float);
  shared.memory = map_memory ();
  if (shared.memory == MAP_FAILED)
    return NULL;
  shared.count = count;
  shared.parts = g_new (float *, size);
  at = (float *) shared.memory + aligned;
  for (int i = 0; i < size; i++, at += padded)
    shared.parts[i] = at;
  *common = at;
  return shared.parts[rank];
}

gboolean
sb_world_is_shared (void)
{
  return shared.parts != NULL;
}

/**
 * sb_world_meet:
 *
 * Waits for all workers. What each has written to shared memory before is what all read afterwards.
 */
void
sb_world_meet (void)
{
  if (size == 1)
    return;
  atomic_thread_fence (memory_order_seq_cst);
  MPI_Barrier (MPI_COMM_WORLD);
  atomic_thread_fence (memory_order_seq_cst);
}

/* In the order of the workers, as all sums are made. */
static void
sum_range (gsize begin, gsize end)
{
  for (gsize at = begin; at < end; at += BLOCK)
    {
      gsize length = MIN (BLOCK, end - at);
      float sum[BLOCK];

      memcpy (sum, shared.parts[0] + at, length * sizeof (float));
      for (int i = 1; i < size; i++)
        {
          const float *part = shared.parts[i] + at;

#pragma omp simd
          for (gsize k = 0; k < length; k++)
            sum[k] += part[k];
        }
      memcpy (shared.parts[rank] + at, sum, length * sizeof (float));
    }
}

static gboolean
is_shared (const float *values)
{
  return shared.parts != NULL && values >= shared.parts[rank] &&
         values < shared.parts[rank] + shared.count;
}

static void
send_collected (void)
{
  MPI_Request request;

  if (n_collected == 0)
    return;
  MPI_Iallreduce (
      MPI_IN_PLACE, collected, (int) n_collected, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &request);
  g_array_append_val (requests, request);
  n_collected = 0;
}

/**
 * sb_world_sum_begin:
 * @values: numbers that become the sum over all workers
 * @count: how many
 * @unused: for SbGradientFunc
 *
 * Begins to add; sb_world_sum_share() or sb_world_sum_wait() ends it. Meanwhile @values must be
 * left alone. Every worker has to begin the same sums in the same order.
 */
void
sb_world_sum_begin (float *values, gsize count, gpointer unused)
{
  if (size == 1)
    return;
  g_assert (count <= G_MAXINT);
  if (is_shared (values))
    {
      gsize begin = (gsize) (values - shared.parts[rank]);

      shared.begin = shared.end > 0 ? MIN (shared.begin, begin) : begin;
      shared.end = MAX (shared.end, begin + count);
      return;
    }
  /* Gradients come from the last layer to the first: what comes now is right before the last. */
  if (n_collected == 0 || values + count != collected || n_collected + count > G_MAXINT)
    send_collected ();
  collected = values;
  n_collected += count;
  if (n_collected >= ENOUGH)
    send_collected ();
}

/**
 * sb_world_sum_wait:
 *
 * Ends the sums that have begun of numbers that are not in shared memory.
 */
void
sb_world_sum_wait (void)
{
  if (size == 1)
    return;
  send_collected ();
  MPI_Waitall ((int) requests->len, (MPI_Request *) (gpointer) requests->data, MPI_STATUSES_IGNORE);
  g_array_set_size (requests, 0);
}

/**
 * sb_world_sum_share:
 * @begin: (out): the first number of this worker's share
 * @end: (inout): how many numbers there are; then the end of this worker's share
 *
 * Ends the sums that have begun. Of numbers in shared memory each worker gets those of its share
 * alone: what it makes of them belongs into the memory that all have together, and with
 * sb_world_meet() it is there for all. Of other numbers each worker gets all.
 */
void
sb_world_sum_share (gsize *begin, gsize *end)
{
  gsize n = *end;

  *begin = 0;
  sb_world_sum_wait ();
  if (shared.parts == NULL)
    return;
  *begin = n * (gsize) rank / (gsize) size;
  *end = n * ((gsize) rank + 1) / (gsize) size;
  sb_world_meet ();
  sum_range (MAX (*begin, shared.begin), MIN (*end, shared.end));
  shared.begin = shared.end = 0;
}

/**
 * sb_world_sum:
 * @values: numbers that become the sum over all workers
 * @count: how many
 */
void
sb_world_sum (double *values, int count)
{
  if (size > 1)
    MPI_Allreduce (MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

/**
 * sb_world_gather:
 * @row: (array length=width): this worker's numbers
 * @width: how many each worker has
 *
 * Numbers of images are exact in a double.
 *
 * Returns: (transfer full): the rows of all workers, one after the other, in every worker
 */
double *
sb_world_gather (const double *row, int width)
{
  int n = size * width;
  double *rows = g_new0 (double, n);

  memcpy (rows + rank * width, row, (gsize) width * sizeof (double));
  sb_world_sum (rows, n);
  return rows;
}
