/* sb-workshop.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-workshop.h"

#include <string.h>

#include "wire/sb-json.h"
#include "workshop/sb-run-private.h"

/**
 * SbWorkshop:
 *
 * The modules, the runs through them on one connection, and the journal of all calls.
 */
struct _SbWorkshop
{
  GObject parent_instance;

  char *data_dir;
  SbConnection *connection;
  SbModuleStore *modules;
  SbJournal *journal;
  GListStore *runs;
};

G_DEFINE_FINAL_TYPE (SbWorkshop, sb_workshop, G_TYPE_OBJECT)

/**
 * sb_workshop_new:
 * @data_dir: where runs, journal and a person's own modules are kept
 * @connection: where modules run
 *
 * Returns: (transfer full): the workshop
 */
SbWorkshop *
sb_workshop_new (const char *data_dir, SbConnection *connection)
{
  SbWorkshop *self = g_object_new (SB_TYPE_WORKSHOP, NULL);
  g_autofree char *modules = g_build_filename (data_dir, "modules", NULL);
  g_autofree char *journal = g_build_filename (data_dir, "journal.jsonl", NULL);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (data_dir, 0700);
  self->data_dir = g_strdup (data_dir);
  self->connection = g_object_ref (connection);
  self->modules = sb_module_store_new (modules);
  self->journal = sb_journal_new (journal, &error);
  /* A journal that cannot be written must not keep anybody from working. */
  if (self->journal == NULL)
    {
      g_warning ("The journal is not kept: %s", error->message);
      self->journal = sb_journal_new (NULL, NULL);
    }
  return self;
}

const char *
sb_workshop_get_data_dir (SbWorkshop *self)
{
  return self->data_dir;
}

SbConnection *
sb_workshop_get_connection (SbWorkshop *self)
{
  return self->connection;
}

SbModuleStore *
sb_workshop_get_modules (SbWorkshop *self)
{
  return self->modules;
}

SbJournal *
sb_workshop_get_journal (SbWorkshop *self)
{
  return self->journal;
}

/**
 * sb_workshop_get_runs:
 * @self: a workshop
 *
 * Returns: (transfer none): the runs that are open, as #SbRun
 */
GListModel *
sb_workshop_get_runs (SbWorkshop *self)
{
  return G_LIST_MODEL (self->runs);
}

static char *
runs_dir (SbWorkshop *self)
{
  return g_build_filename (self->data_dir, "runs", NULL);
}

/* The names of runs end with their time, so that the last one of a module sorts last. */
static char *
find_latest (SbWorkshop *self, const char *module_id)
{
  g_autofree char *folder = runs_dir (self);
  g_autofree char *prefix = g_strconcat (module_id, "-2", NULL);
  g_autofree char *latest = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, "run.json", NULL);
      g_autoptr (JsonObject) document = NULL;

      if (!g_str_has_prefix (name, prefix) || g_strcmp0 (name, latest) <= 0)
        continue;
      document = sb_json_load_file (path, NULL);
      if (document == NULL || strcmp (sb_json_get_string (document, "connection", ""),
                                      sb_connection_get_id (self->connection)) != 0)
        continue;
      g_free (latest);
      latest = g_strdup (name);
    }
  return latest != NULL ? g_build_filename (folder, latest, NULL) : NULL;
}

static SbRun *
find_open (SbWorkshop *self, const char *module_id)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->runs)); i++)
    {
      g_autoptr (SbRun) run = g_list_model_get_item (G_LIST_MODEL (self->runs), i);

      if (strcmp (sb_module_get_id (sb_run_get_module (run)), module_id) == 0)
        return run;
    }
  return NULL;
}

static SbRun *
keep (SbWorkshop *self, SbRun *run)
{
  if (run == NULL)
    return NULL;
  g_list_store_append (self->runs, run);
  g_object_unref (run);
  return run;
}

/**
 * sb_workshop_get_run:
 * @self: a workshop
 * @module_id: a module
 * @error: why there is none
 *
 * Returns: (transfer none) (nullable): the latest run through that module, or a new one
 */
SbRun *
sb_workshop_get_run (SbWorkshop *self, const char *module_id, GError **error)
{
  SbRun *open = find_open (self, module_id);
  SbModule *module = sb_module_store_find (self->modules, module_id);
  g_autofree char *latest = NULL;

  g_return_val_if_fail (module != NULL, NULL);
  if (open != NULL)
    return open;
  latest = find_latest (self, module_id);
  if (latest == NULL)
    return sb_workshop_start_over (self, module_id, error);
  return keep (self, _sb_run_load (module, self->connection, self->journal, latest, error));
}

/**
 * sb_workshop_start_over:
 * @self: a workshop
 * @module_id: a module
 * @error: why there is none
 *
 * What earlier runs have created stays known, in their folders.
 *
 * Returns: (transfer none) (nullable): a new run through that module
 */
SbRun *
sb_workshop_start_over (SbWorkshop *self, const char *module_id, GError **error)
{
  SbModule *module = sb_module_store_find (self->modules, module_id);
  SbRun *open = find_open (self, module_id);
  g_autofree char *folder = runs_dir (self);
  guint position;

  g_return_val_if_fail (module != NULL, NULL);
  if (open != NULL && g_list_store_find (self->runs, open, &position))
    g_list_store_remove (self->runs, position);
  return keep (self, _sb_run_new (module, self->connection, self->journal, folder, error));
}

static void
sb_workshop_finalize (GObject *object)
{
  SbWorkshop *self = SB_WORKSHOP (object);

  g_clear_object (&self->runs);
  g_clear_object (&self->journal);
  g_clear_object (&self->modules);
  g_clear_object (&self->connection);
  g_free (self->data_dir);
  G_OBJECT_CLASS (sb_workshop_parent_class)->finalize (object);
}

static void
sb_workshop_class_init (SbWorkshopClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_workshop_finalize;
}

static void
sb_workshop_init (SbWorkshop *self)
{
  self->runs = g_list_store_new (SB_TYPE_RUN);
}
