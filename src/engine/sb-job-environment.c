/* sb-job-environment.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-job-environment.h"

#include "engine/sb-process.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"

/* Names the machines of a cluster, for mpirun. */
#define HOST_FILE "SAGEBRUSH_HOSTFILE"

/* What came with the job. */
static void
add_own (JsonObject *job, GStrv *environ)
{
  JsonObject *extra = sb_json_get_object (job, "Environment");
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (extra == NULL)
    return;
  json_object_iter_init_ordered (&iter, extra);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    *environ = g_environ_setenv (*environ, name, json_node_get_string (node), TRUE);
}

/* Where weights are that were downloaded for a training to begin with. */
static char *
find_weights (void)
{
  const char *given = g_getenv ("SAGEBRUSH_WEIGHTS_DIR");

  if (given != NULL)
    return g_strdup (given);
  return g_build_filename (g_get_user_cache_dir (), "sagebrush", "weights", NULL);
}

/* Processors of each host: as many as its type has, or as its share of this computer allows. The
 * machines of a host file have what they have. */
static guint
count_cpus (JsonObject *job)
{
  JsonObject *config = sb_json_get_object (job, "ResourceConfig");
  guint n_hosts = (guint) sb_json_get_int (config, "InstanceCount", 1);
  guint n_vcpus = sb_instance_type_get_n_vcpus (sb_json_get_string (config, "InstanceType", ""));
  guint n_here = g_get_num_processors ();

  if (g_getenv (HOST_FILE) != NULL && n_vcpus > 0)
    return n_vcpus;
  return CLAMP (n_here / n_hosts, 1, n_vcpus > 0 ? n_vcpus : n_here);
}

/**
 * sb_job_environment_new:
 * @engine: the engine
 * @job: (transfer none): the job's document
 * @algorithm: what trains
 * @folder: the job's folder
 *
 * Of a variable that comes with the job and is set here, too, the value from here is taken.
 *
 * Returns: (transfer full): the environment, for sb_process_start()
 */
GStrv
sb_job_environment_new (SbEngine *engine,
                        JsonObject *job,
                        const SbAlgorithm *algorithm,
                        const char *folder)
{
  g_autofree char *cpus = g_strdup_printf ("%u", count_cpus (job));
  g_autofree char *weights = find_weights ();
  GStrv environ = sb_process_make_environment ();

  if (g_getenv (HOST_FILE) != NULL)
    environ = g_environ_setenv (environ, HOST_FILE, g_getenv (HOST_FILE), TRUE);
  add_own (job, &environ);
  environ = g_environ_setenv (environ,
                              "TRAINING_JOB_NAME",
                              sb_json_get_string (job, "TrainingJobName", ""),
                              TRUE);
  environ = g_environ_setenv (environ,
                              "TRAINING_JOB_ARN",
                              sb_json_get_string (job, "TrainingJobArn", ""),
                              TRUE);
  environ = g_environ_setenv (environ, "AWS_REGION", engine->region, TRUE);
  environ = g_environ_setenv (environ, "SM_NUM_CPUS", cpus, TRUE);
  /* One program may be several algorithms. */
  environ =
      g_environ_setenv (environ, "SAGEBRUSH_ALGORITHM", sb_algorithm_get_id (algorithm), TRUE);
  environ = g_environ_setenv (environ, "SAGEBRUSH_WEIGHTS_DIR", weights, TRUE);
  return g_environ_setenv (environ, "SM_PREFIX", folder, TRUE);
}
