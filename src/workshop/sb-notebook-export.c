/* sb-notebook-export.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-notebook-export.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-code.h"
#include "sb-notebook-resources.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"

#define FOLDER "/io/github/sagebrush/Sagebrush/notebooks/"

static JsonObject *
get_result (SbRun *run, const char *kind)
{
  SbStep *step = sb_run_find_step_of_kind (run, kind);

  return step != NULL ? sb_step_get_result (step) : NULL;
}

/* What the sources of data/notebooks call @NAME@, as Python has it: JSON's texts are Python's too.
 */
static gboolean
replace (GString *source, const char *name, const char *value)
{
  g_autofree char *place = g_strdup_printf ("@%s@", name);
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *literal = NULL;

  if (value == NULL)
    return FALSE;
  node = json_node_init_string (json_node_alloc (), value);
  literal = sb_json_node_to_string (node);
  g_string_replace (source, place, literal, 0);
  return TRUE;
}

static const char *
get_string (JsonObject *result, const char *path)
{
  return result != NULL ? sb_json_get_string (result, path, NULL) : NULL;
}

/* Where a script's model is, and where it goes with its script: see sb-work-script.c. */
static gboolean
fill_in_script (SbRun *run, GString *source)
{
  JsonObject *module = sb_module_get_json (sb_run_get_module (run));
  g_autofree char *archive = g_build_filename (sb_run_get_folder (run), "sourcedir.tar.gz", NULL);
  g_autofree char *bucket = NULL;
  g_autofree char *trained = NULL;
  g_autofree char *packed = NULL;
  const char *artifact = get_string (get_result (run, "train"), "artifact");

  if (artifact == NULL || !sb_s3_uri_parse (artifact, &bucket, &trained, NULL))
    return FALSE;
  packed = g_strdup_printf ("%s/%s/%s/model.tar.gz",
                            sb_json_get_string (module, "prefix", "workshop"),
                            sb_run_get_id (run),
                            get_string (get_result (run, "deploy"), "endpoint"));
  return replace (source, "bucket", bucket) && replace (source, "trained", trained) &&
         replace (source, "source", archive) && replace (source, "packed", packed);
}

static gboolean
fill_in (SbRun *run, const char *data, GString *source)
{
  JsonObject *chosen = get_result (run, "choose-data");
  JsonObject *prepared = get_result (run, "prepare");
  g_autofree char *test = g_build_filename (sb_run_get_folder (run), "test.libsvm", NULL);
  const char *list = get_string (prepared, "parts.test.list");

  if (!replace (source, "endpoint", get_string (get_result (run, "deploy"), "endpoint")))
    return FALSE;
  if (strcmp (data, "clean-up") == 0)
    return TRUE;
  if (strcmp (data, "script") == 0)
    return fill_in_script (run, source);
  if (strcmp (data, "games") == 0)
    return replace (source, "test", test);
  if (strcmp (data, "digits") == 0)
    return replace (source, "images", get_string (chosen, "validation.0")) &&
           replace (source, "labels", get_string (chosen, "validation.1"));
  return replace (source, "root", get_string (prepared, "root")) &&
         replace (source,
                  "list",
                  list != NULL ? list : get_string (prepared, "parts.validation.list"));
}

/* The journal does not keep what an endpoint was asked by the thousand; the run's files have it.
 * What is exported before it was cleaned up has to clean up all the same. And a model that was
 * packed again after its training is packed by the notebook, too.
 *
 * Returns: (nullable): which of data/notebooks has that */
static const char *
find_data (SbRun *run, SbStep *step, const char **service)
{
  JsonObject *module = sb_module_get_json (sb_run_get_module (run));
  const char *program = get_string (get_result (run, "train"), "script.program");
  const char *kind = sb_step_get_kind (step);

  *service = NULL;
  if (strcmp (kind, "clean-up") == 0)
    return "clean-up";
  *service = "sagemaker-runtime";
  if (strcmp (kind, "evaluate") == 0)
    return sb_json_get_string (module, "data", "games");
  *service = "s3";
  return strcmp (kind, "deploy") == 0 && program != NULL ? "script" : NULL;
}

static char *
make_source (SbRun *run, const char *data)
{
  g_autofree char *path = g_strconcat (FOLDER, data, ".py.in", NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GString) source = NULL;

  bytes = g_resource_lookup_data (sb_notebooks_get_resource (),
                                  path,
                                  G_RESOURCE_LOOKUP_FLAGS_NONE,
                                  NULL);
  if (bytes == NULL)
    return NULL;
  source = g_string_new_len (g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes));
  return fill_in (run, data, source) ? g_strdup (source->str) : NULL;
}

static char *
make_intro (SbRun *run)
{
  SbModule *module = sb_run_get_module (run);
  gboolean local = sb_connection_get_endpoint_url (sb_run_get_connection (run)) != NULL;

  return g_strdup_printf (
      "# %s\n\n%s\n\n%s",
      sb_module_get_title (module),
      sb_module_get_summary (module),
      local ? _ ("The cells below make the same calls as Sagebrush has made, on the engine of this "
                 "computer. `sagebrush engine --print-env` says how boto3 finds its access key.")
            : _ ("The cells below make the same calls as Sagebrush has made, on AWS. What they "
                 "create is paid for until the last cells have deleted it."));
}

/**
 * sb_notebook_export:
 * @run: a run
 *
 * Returns: (transfer full): a Jupyter notebook (nbformat 4) that tells what the run's module tells,
 *   and makes the run's calls with boto3
 */
char *
sb_notebook_export (SbRun *run)
{
  SbConnection *connection = sb_run_get_connection (run);
  g_autofree char *intro = make_intro (run);
  g_autoptr (SbCodeStory) story = sb_code_story_new (intro);
  GListModel *steps = sb_run_get_steps (run);
  g_autoptr (GPtrArray) entries =
      sb_journal_dup_entries (sb_client_get_journal (sb_run_get_client (run)),
                              sb_module_get_id (sb_run_get_module (run)),
                              sb_run_get_id (run),
                              NULL);

  for (guint i = 0; i < g_list_model_get_n_items (steps); i++)
    {
      g_autoptr (SbStep) step = g_list_model_get_item (steps, i);
      const char *service;
      const char *data = find_data (run, step, &service);
      g_autofree char *source = data != NULL ? make_source (run, data) : NULL;
      const char *summary = sb_step_stands (step) ? sb_step_get_summary (step) : NULL;
      g_autofree char *text = g_strdup_printf ("## %u. %s\n\n%s%s%s",
                                               sb_step_get_number (step),
                                               sb_step_get_title (step),
                                               sb_step_get_narrative (step),
                                               summary != NULL ? "\n\n> " : "",
                                               summary != NULL ? summary : "");

      sb_code_story_add (story, sb_step_get_id (step), text, source, service);
    }
  return sb_code_generate_notebook (entries,
                                    story,
                                    sb_connection_get_region (connection),
                                    sb_connection_get_endpoint_url (connection));
}
