/* sb-fleet.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-fleet.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "engine/sb-endpoint.h"
#include "engine/sb-job-folder.h"
#include "engine/sb-resource.h"
#include "formats/sb-archive.h"
#include "formats/sb-folder.h"
#include "wire/sb-algorithm.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "wire/sb-uri.h"

/* Largest answer of a program; InvokeEndpoint's own limit is the same for both ways. */
#define MAX_ANSWER      (6 * 1024 * 1024)
#define PING_TIMEOUT_MS 2000
#define PING_FIRST_MS   5
#define PING_MAX_MS     500
#define STOP_GRACE      5
#define RESTART_MAX_MS  (60 * 1000)
/* A program that served for this long begins again with the shortest delay. */
#define STEADY_SECONDS 30

typedef struct
{
  SbFleet *fleet;
  char *name;
  char *instance;
  double weight;
  JsonObject *spec;  /* ProductionVariant */
  JsonObject *model; /* the model's document */
  char *folder;
  char *socket;
  char *program;
  SbProcess *process;
  SbRuntimeClient *client;
  guint timer;
  guint delay_ms; /* until the next ping */
  guint restart_ms;
  gint64 deadline;
  gint64 up_since;
  gboolean up;
} Variant;

struct _SbFleet
{
  int ref_count;
  SbEngine *engine;
  char *endpoint;
  char *folder;
  GPtrArray *variants;
  SbFleetFunc func; /* NULL once it was called */
  gpointer data;
  gboolean stopped;
};

static void start_program (Variant *self);

static void
variant_free (Variant *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->process != NULL)
    {
      sb_process_disconnect (self->process);
      sb_process_stop (self->process, STOP_GRACE);
      sb_process_unref (self->process);
    }
  g_clear_pointer (&self->client, sb_runtime_client_free);
  if (self->socket != NULL)
    g_unlink (self->socket);
  g_free (self->name);
  g_free (self->instance);
  g_clear_pointer (&self->spec, json_object_unref);
  g_clear_pointer (&self->model, json_object_unref);
  g_free (self->folder);
  g_free (self->socket);
  g_free (self->program);
  g_free (self);
}

SbFleet *
sb_fleet_ref (SbFleet *self)
{
  self->ref_count++;
  return self;
}

void
sb_fleet_unref (SbFleet *self)
{
  if (--self->ref_count > 0)
    return;
  g_ptr_array_unref (self->variants);
  sb_folder_remove (self->folder);
  g_free (self->endpoint);
  g_free (self->folder);
  g_free (self);
}

static void
tell (SbFleet *self, const char *reason)
{
  SbFleetFunc func = g_steal_pointer (&self->func);

  if (func != NULL && !self->stopped)
    func (self, reason, self->data);
}

static void
tell_if_up (SbFleet *self)
{
  for (guint i = 0; i < self->variants->len; i++)
    if (!((Variant *) self->variants->pdata[i])->up)
      return;
  tell (self, NULL);
}

static void
fail_ping (Variant *self)
{
  g_autofree char *reason = g_strdup_printf (
      "The primary container for production variant %s did not pass the ping health check. Please "
      "check CloudWatch logs for this endpoint.",
      self->name);

  tell (self->fleet, reason);
}

static gboolean on_ping_time (gpointer data);

static void
on_pong (const SbRuntimeAnswer *answer, const GError *error, gpointer data)
{
  Variant *self = data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer != NULL && answer->status == 200)
    {
      self->up = TRUE;
      self->up_since = g_get_monotonic_time ();
      tell_if_up (self->fleet);
      return;
    }
  if (g_get_monotonic_time () > self->deadline)
    {
      fail_ping (self);
      return;
    }
  if (self->process == NULL || self->timer != 0)
    return;
  self->timer = g_timeout_add (self->delay_ms, on_ping_time, self);
  self->delay_ms = MIN (self->delay_ms * 2, PING_MAX_MS);
}

static gboolean
on_ping_time (gpointer data)
{
  Variant *self = data;
  g_autoptr (GBytes) head = sb_runtime_head_finish (sb_runtime_head_new ("GET", "/ping", 0));
  g_autoptr (GBytes) body = g_bytes_new (NULL, 0);

  self->timer = 0;
  sb_runtime_client_send (self->client, head, body, PING_TIMEOUT_MS, on_pong, self);
  return G_SOURCE_REMOVE;
}

static void
on_lines (SbProcess *process, GPtrArray *lines, gpointer data)
{
  Variant *self = data;
  g_autofree char *group = g_strconcat (SB_ENDPOINT_LOG_GROUP, self->fleet->endpoint, NULL);
  g_autofree char *stream = g_strdup_printf ("%s/%s", self->name, self->instance);

  sb_log_store_append (self->fleet->engine->logs, group, stream, lines, g_get_real_time () / 1000);
}

static gboolean
on_restart_time (gpointer data)
{
  Variant *self = data;

  self->timer = 0;
  start_program (self);
  return G_SOURCE_REMOVE;
}

/* A program that ends before it ever served fails its fleet; one that crashes later comes back,
 * after a pause that doubles. */
static void
on_process_exit (SbProcess *process, int status, gpointer data)
{
  Variant *self = data;
  g_autofree char *how = sb_process_describe (status);

  g_clear_pointer (&self->process, sb_process_unref);
  sb_process_kill_left_over (self->folder);
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->fleet->stopped)
    return;
  if (self->fleet->func != NULL)
    {
      fail_ping (self);
      return;
    }
  g_warning ("The endpoint %s lost its variant %s (%s) and restarts it",
             self->fleet->endpoint,
             self->name,
             how);
  if (self->up && g_get_monotonic_time () - self->up_since > STEADY_SECONDS * G_USEC_PER_SEC)
    self->restart_ms = 0;
  self->up = FALSE;
  self->timer = g_timeout_add (self->restart_ms, on_restart_time, self);
  self->restart_ms = self->restart_ms == 0 ? 100 : MIN (self->restart_ms * 2, RESTART_MAX_MS);
}

/* Processors of the variant: as many as its type has, and no more than this computer. */
static guint
count_cpus (Variant *self)
{
  guint n_vcpus =
      sb_instance_type_get_n_vcpus (sb_json_get_string (self->spec, "InstanceType", ""));
  guint n_here = g_get_num_processors ();

  return n_vcpus > 0 ? MIN (n_vcpus, n_here) : n_here;
}

static GStrv
make_environment (Variant *self)
{
  JsonObject *container = sb_json_get_object (self->model, "PrimaryContainer");
  JsonObject *extra;
  g_autofree char *cpus = g_strdup_printf ("%u", count_cpus (self));
  GStrv environ = sb_process_make_environment ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  extra = container != NULL ? sb_json_get_object (container, "Environment")
                            : sb_json_get_object (self->model, "Containers.0.Environment");
  if (extra != NULL)
    {
      json_object_iter_init_ordered (&iter, extra);
      while (json_object_iter_next_ordered (&iter, &name, &node))
        environ = g_environ_setenv (environ, name, json_node_get_string (node), TRUE);
    }
  environ = g_environ_setenv (environ, "AWS_REGION", self->fleet->engine->region, TRUE);
  environ = g_environ_setenv (environ, "SM_NUM_CPUS", cpus, TRUE);
  environ = g_environ_setenv (environ, "SM_SERVE_SOCKET", self->socket, TRUE);
  return g_environ_setenv (environ, "SM_PREFIX", self->folder, TRUE);
}

static void
start_program (Variant *self)
{
  const char *const argv[] = { self->program, "serve", NULL };
  g_auto (GStrv) environ = make_environment (self);
  g_autoptr (GError) error = NULL;
  gint64 patience =
      sb_json_get_int (self->spec, "ContainerStartupHealthCheckTimeoutInSeconds", 240);

  g_unlink (self->socket);
  self->delay_ms = PING_FIRST_MS;
  self->deadline = g_get_monotonic_time () + patience * G_USEC_PER_SEC;
  self->process = sb_process_start (
      argv, (const char *const *) environ, self->folder, on_lines, on_process_exit, self, &error);
  if (self->process == NULL)
    tell (self->fleet, error->message);
  else
    self->timer = g_timeout_add (self->delay_ms, on_ping_time, self);
}

typedef struct
{
  SbFleet *fleet;
  GPtrArray *objects; /* SbObject of each variant, or NULL */
  GPtrArray *sources; /* the same of its script */
} Unpack;

static void
unpack_free (Unpack *self)
{
  g_ptr_array_unref (self->objects);
  g_ptr_array_unref (self->sources);
  sb_fleet_unref (self->fleet);
  g_free (self);
}

static gboolean
unpack_one (SbFleet *fleet, Variant *variant, SbObject *object, const char *part, GError **error)
{
  g_autofree char *archive = g_build_filename (variant->folder, "archive.tar.gz", NULL);
  g_autofree char *folder = g_build_filename (variant->folder, part, NULL);

  g_unlink (archive);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   "The endpoint’s folder cannot be made: %s",
                   g_strerror (errno));
      return FALSE;
    }
  if (object == NULL)
    return TRUE;
  return sb_object_store_materialise (fleet->engine->objects, object, archive, error) &&
         sb_archive_unpack (archive, folder, NULL, error);
}

static void
unpack_in_thread (GTask *task, gpointer object, gpointer data, GCancellable *cancellable)
{
  Unpack *self = data;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->fleet->variants->len; i++)
    {
      Variant *variant = self->fleet->variants->pdata[i];
      SbObject *source = self->sources->pdata[i];

      if (!unpack_one (self->fleet, variant, self->objects->pdata[i], "model", &error) ||
          (source != NULL && !unpack_one (self->fleet, variant, source, "model/code", &error)))
        {
          g_task_return_error (task, g_steal_pointer (&error));
          return;
        }
    }
  g_task_return_boolean (task, TRUE);
}

static void
on_unpacked (GObject *source, GAsyncResult *result, gpointer data)
{
  Unpack *self = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  gboolean good = g_task_propagate_boolean (G_TASK (result), &error);

  if (self->fleet->stopped)
    return;
  if (!good)
    {
      g_autofree char *reason =
          g_strdup_printf ("Failed to extract the model data archive: %s", error->message);

      tell (self->fleet, reason);
      return;
    }
  for (guint i = 0; i < self->fleet->variants->len; i++)
    start_program (self->fleet->variants->pdata[i]);
}

/* Unix sockets have short paths: the folder of the data may be deep, /tmp or the runtime folder
 * never is. */
static char *
make_socket_path (void)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *name = g_strdup_printf ("sagebrush-%.13s.sock", uuid);
  const char *runtime = g_get_user_runtime_dir ();

  if (runtime != NULL && strlen (runtime) < 60 && g_access (runtime, W_OK) == 0)
    return g_build_filename (runtime, name, NULL);
  return g_build_filename (g_get_tmp_dir (), name, NULL);
}

static Variant *
variant_new (SbFleet *fleet, JsonObject *spec, GError **error)
{
  Variant *self = g_new0 (Variant, 1);
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, uuid, -1);
  const SbAlgorithm *algorithm;
  const char *image;

  self->fleet = fleet;
  self->spec = json_object_ref (spec);
  self->name = g_strdup (sb_json_get_string (spec, "VariantName", ""));
  self->weight = sb_json_get_double (spec, "InitialVariantWeight", 1);
  self->instance = g_strdup_printf ("i-%.17s", sum);
  self->folder = g_build_filename (fleet->folder, self->name, NULL);
  self->socket = make_socket_path ();
  self->client = sb_runtime_client_new (self->socket, MAX_ANSWER);
  self->model =
      sb_resource_load (fleet->engine, "model", sb_json_get_string (spec, "ModelName", ""));
  if (self->model == NULL)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_NOT_FOUND,
                   "Could not find model “%s”.",
                   sb_json_get_string (spec, "ModelName", ""));
      return self;
    }
  image = sb_json_get_string (self->model,
                              "PrimaryContainer.Image",
                              sb_json_get_string (self->model, "Containers.0.Image", ""));
  algorithm = sb_algorithm_find_by_image (image);
  if (algorithm == NULL)
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_NOT_FOUND,
                 "The local engine has no algorithm for the image “%s”.",
                 image);
  else
    self->program = sb_process_find_program (sb_algorithm_get_program (algorithm), error);
  return self;
}

static void
free_object (gpointer data)
{
  if (data != NULL)
    sb_object_free (data);
}

/* What the model's container says of itself. */
static const char *
get_of_container (Variant *self, const char *path)
{
  g_autofree char *primary = g_strconcat ("PrimaryContainer.", path, NULL);
  g_autofree char *first = g_strconcat ("Containers.0.", path, NULL);

  return sb_json_get_string (self->model, primary, sb_json_get_string (self->model, first, NULL));
}

static SbObject *
find_object (Variant *self, const char *url, GError **error)
{
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;
  SbObject *object = NULL;

  if (url == NULL)
    return NULL;
  if (sb_s3_uri_parse (url, &bucket, &key, NULL))
    object = sb_object_store_find (self->fleet->engine->objects, bucket, key);
  if (object == NULL)
    g_set_error (error, SB_ERROR, SB_ERROR_NOT_FOUND, "Could not find model data at %s.", url);
  return object;
}

/* A script that is not in the model's archive is in one of its own. */
static SbObject *
find_script (Variant *self, GError **error)
{
  const char *url = get_of_container (self, "Environment.SAGEMAKER_SUBMIT_DIRECTORY");

  return find_object (self, url != NULL && g_str_has_prefix (url, "s3://") ? url : NULL, error);
}

static gboolean
begin (SbFleet *self, JsonObject *config, GPtrArray *objects, GPtrArray *sources, GError **error)
{
  JsonArray *specs = sb_json_get_array (config, "ProductionVariants");
  g_autofree char *group = g_strconcat (SB_ENDPOINT_LOG_GROUP, self->endpoint, NULL);

  for (guint i = 0; i < json_array_get_length (specs); i++)
    {
      g_autoptr (GError) local = NULL;
      Variant *variant = variant_new (self, json_array_get_object_element (specs, i), &local);
      g_autofree char *stream = g_strdup_printf ("%s/%s", variant->name, variant->instance);

      g_ptr_array_add (self->variants, variant);
      if (local == NULL)
        g_ptr_array_add (objects,
                         find_object (variant, get_of_container (variant, "ModelDataUrl"), &local));
      if (local == NULL)
        g_ptr_array_add (sources, find_script (variant, &local));
      if (local == NULL)
        sb_log_store_add_stream (self->engine->logs, group, stream, &local);
      if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return TRUE;
}

typedef struct
{
  SbFleet *fleet;
  char *reason;
} Late;

static gboolean
tell_late (gpointer data)
{
  Late *late = data;

  tell (late->fleet, late->reason);
  sb_fleet_unref (late->fleet);
  g_free (late->reason);
  g_free (late);
  return G_SOURCE_REMOVE;
}

/**
 * sb_fleet_new:
 * @engine: the engine
 * @endpoint: name of the endpoint
 * @config: its configuration's document
 * @func: told once when it serves or fails, never before this returns
 * @data: for it
 *
 * Returns: (transfer full): a fleet on its way up
 */
SbFleet *
sb_fleet_new (SbEngine *engine,
              const char *endpoint,
              JsonObject *config,
              SbFleetFunc func,
              gpointer data)
{
  SbFleet *self = g_new0 (SbFleet, 1);
  g_autofree char *uuid = g_uuid_string_random ();
  g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func (free_object);
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (free_object);
  g_autoptr (GError) error = NULL;
  Unpack *job;
  g_autoptr (GTask) task = NULL;

  self->ref_count = 1;
  self->engine = engine;
  self->endpoint = g_strdup (endpoint);
  self->folder = g_build_filename (engine->data_dir, "endpoints", uuid, NULL);
  self->variants = g_ptr_array_new_with_free_func ((GDestroyNotify) variant_free);
  self->func = func;
  self->data = data;
  if (!begin (self, config, objects, sources, &error))
    {
      Late *late = g_new0 (Late, 1);

      late->fleet = sb_fleet_ref (self);
      late->reason = g_strdup (error->message);
      g_idle_add (tell_late, late);
      return self;
    }
  job = g_new0 (Unpack, 1);
  job->fleet = sb_fleet_ref (self);
  job->objects = g_steal_pointer (&objects);
  job->sources = g_steal_pointer (&sources);
  task = g_task_new (NULL, NULL, on_unpacked, NULL);
  g_task_set_task_data (task, job, (GDestroyNotify) unpack_free);
  g_task_run_in_thread (task, unpack_in_thread);
  return self;
}

/**
 * sb_fleet_stop:
 * @self: a fleet
 *
 * It takes no more requests and is gone with the last reference; nobody is told.
 */
void
sb_fleet_stop (SbFleet *self)
{
  self->stopped = TRUE;
}

static Variant *
find_variant (SbFleet *self, const char *name)
{
  for (guint i = 0; i < self->variants->len; i++)
    {
      Variant *variant = self->variants->pdata[i];

      if (strcmp (variant->name, name) == 0)
        return variant;
    }
  return NULL;
}

/**
 * sb_fleet_pick:
 * @self: a fleet
 * @wanted: (nullable): the variant that the request names
 *
 * Returns: (transfer none) (nullable): name of the variant that gets a request: the one that is
 *   wanted, or one drawn by weight
 */
const char *
sb_fleet_pick (SbFleet *self, const char *wanted)
{
  Variant *variant = wanted != NULL ? find_variant (self, wanted) : NULL;
  double sum = 0;
  double point;

  if (wanted != NULL)
    return variant != NULL ? variant->name : NULL;
  for (guint i = 0; i < self->variants->len; i++)
    sum += ((Variant *) self->variants->pdata[i])->weight;
  point = self->variants->len > 1 ? g_random_double () * sum : 0;
  for (guint i = 0; i < self->variants->len; i++)
    {
      variant = self->variants->pdata[i];
      if (variant->weight <= 0)
        continue;
      if (point < variant->weight)
        return variant->name;
      point -= variant->weight;
    }
  return variant != NULL ? variant->name : NULL;
}

/**
 * sb_fleet_get_client:
 * @self: a fleet
 * @variant: name of one of its variants
 *
 * Returns: (transfer none): speaks to its program
 */
SbRuntimeClient *
sb_fleet_get_client (SbFleet *self, const char *variant)
{
  return find_variant (self, variant)->client;
}

/**
 * sb_fleet_set_weight:
 * @self: a fleet
 * @variant: name of a variant
 * @weight: its new weight
 *
 * Returns: whether there is such a variant
 */
gboolean
sb_fleet_set_weight (SbFleet *self, const char *variant, double weight)
{
  Variant *found = find_variant (self, variant);

  if (found != NULL)
    found->weight = weight;
  return found != NULL;
}

/**
 * sb_fleet_describe:
 * @self: a fleet that serves
 * @config: its configuration's document
 *
 * Returns: (transfer full): DescribeEndpoint's `ProductionVariants`
 */
JsonArray *
sb_fleet_describe (SbFleet *self, JsonObject *config)
{
  JsonArray *array = json_array_new ();
  double now = sb_engine_now ();

  for (guint i = 0; i < self->variants->len; i++)
    {
      Variant *variant = self->variants->pdata[i];
      gint64 count = sb_json_get_int (variant->spec, "InitialInstanceCount", 1);
      const char *image =
          sb_json_get_string (variant->model,
                              "PrimaryContainer.Image",
                              sb_json_get_string (variant->model, "Containers.0.Image", ""));
      JsonArray *images = json_array_new ();

      json_array_add_object_element (images,
                                     sb_json_object_new ("SpecifiedImage",
                                                         "s",
                                                         image,
                                                         "ResolvedImage",
                                                         "s",
                                                         image,
                                                         "ResolutionTime",
                                                         "d",
                                                         now,
                                                         NULL));
      json_array_add_object_element (array,
                                     sb_json_object_new ("VariantName",
                                                         "s",
                                                         variant->name,
                                                         "DeployedImages",
                                                         "a",
                                                         images,
                                                         "CurrentWeight",
                                                         "d",
                                                         variant->weight,
                                                         "DesiredWeight",
                                                         "d",
                                                         variant->weight,
                                                         "CurrentInstanceCount",
                                                         "i",
                                                         count,
                                                         "DesiredInstanceCount",
                                                         "i",
                                                         count,
                                                         NULL));
    }
  return array;
}
