/* sb-module-store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-module-store.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "workshop/sb-workshop-resources.h"

#define RESOURCE_FOLDER "/io/github/sagebrush/Sagebrush/modules"

/**
 * SbModuleStore:
 *
 * All modules, in the order in which the sidebar shows them: those that are built in and those that
 * a person has put into a folder. A file in the folder with the id of a built-in module replaces
 * it. A file that can not be read is a problem, never a reason not to start.
 */
struct _SbModuleStore
{
  GObject parent_instance;

  char *folder;
  GPtrArray *modules;
  GPtrArray *problems;
};

static GType
sb_module_store_get_item_type (GListModel *model)
{
  return SB_TYPE_MODULE;
}

static guint
sb_module_store_get_n_items (GListModel *model)
{
  return SB_MODULE_STORE (model)->modules->len;
}

static gpointer
sb_module_store_get_item (GListModel *model, guint position)
{
  SbModuleStore *self = SB_MODULE_STORE (model);

  return position < self->modules->len ? g_object_ref (self->modules->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = sb_module_store_get_item_type;
  iface->get_n_items = sb_module_store_get_n_items;
  iface->get_item = sb_module_store_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbModuleStore,
                               sb_module_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
sb_module_store_finalize (GObject *object)
{
  SbModuleStore *self = SB_MODULE_STORE (object);

  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->modules, g_ptr_array_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
  G_OBJECT_CLASS (sb_module_store_parent_class)->finalize (object);
}

static void
sb_module_store_class_init (SbModuleStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_module_store_finalize;
}

static void
sb_module_store_init (SbModuleStore *self)
{
  self->modules = g_ptr_array_new_with_free_func (g_object_unref);
  self->problems = g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
}

static void
add (SbModuleStore *self, SbModule *module, GError *error)
{
  SbModule *old;

  if (module == NULL)
    {
      g_ptr_array_add (self->problems, error);
      return;
    }
  old = sb_module_store_find (self, sb_module_get_id (module));
  if (old != NULL)
    g_ptr_array_remove (self->modules, old);
  g_ptr_array_add (self->modules, module);
}

static void
add_resource (SbModuleStore *self, const char *name)
{
  g_autofree char *path = g_build_path ("/", RESOURCE_FOLDER, name, NULL);
  g_autoptr (GBytes) bytes = NULL;
  GError *error = NULL;
  SbModule *module = NULL;

  bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
  if (bytes != NULL)
    module = sb_module_new_from_data (g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes),
                                      path,
                                      &error);
  add (self, module, error);
}

static void
add_file (SbModuleStore *self, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GError *error = NULL;
  SbModule *module = sb_module_new_from_file (path, &error);

  add (self, module, error);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* In the order of their names, so that which of two files with one id wins does not hang on the
 * file system. */
static GPtrArray *
list_folder (const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".json"))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static int
compare_modules (gconstpointer a, gconstpointer b)
{
  SbModule *left = *(SbModule *const *) a;
  SbModule *right = *(SbModule *const *) b;
  double difference = sb_module_get_order (left) - sb_module_get_order (right);

  if (difference != 0)
    return difference < 0 ? -1 : 1;
  return g_utf8_collate (sb_module_get_title (left), sb_module_get_title (right));
}

/**
 * sb_module_store_new:
 * @folder: (nullable): where a person's own modules are; it need not exist
 *
 * Returns: (transfer full): all modules that could be read
 */
SbModuleStore *
sb_module_store_new (const char *folder)
{
  SbModuleStore *self = g_object_new (SB_TYPE_MODULE_STORE, NULL);
  /* Asking this very resource also keeps the linker from leaving it out of a static library. */
  g_auto (GStrv) built_in = g_resource_enumerate_children (sb_modules_get_resource (),
                                                           RESOURCE_FOLDER,
                                                           G_RESOURCE_LOOKUP_FLAGS_NONE,
                                                           NULL);

  self->folder = g_strdup (folder);
  for (gsize i = 0; built_in != NULL && built_in[i] != NULL; i++)
    add_resource (self, built_in[i]);
  if (folder != NULL)
    {
      g_autoptr (GPtrArray) names = list_folder (folder);

      for (guint i = 0; i < names->len; i++)
        add_file (self, folder, names->pdata[i]);
    }
  g_ptr_array_sort (self->modules, compare_modules);
  return self;
}

/**
 * sb_module_store_find:
 * @self: a store
 * @id: the id of a module
 *
 * Returns: (transfer none) (nullable): the module
 */
SbModule *
sb_module_store_find (SbModuleStore *self, const char *id)
{
  g_return_val_if_fail (SB_IS_MODULE_STORE (self), NULL);

  for (guint i = 0; i < self->modules->len; i++)
    if (g_strcmp0 (sb_module_get_id (self->modules->pdata[i]), id) == 0)
      return self->modules->pdata[i];
  return NULL;
}

/**
 * sb_module_store_find_by_name:
 * @self: a store
 * @name: the id of a module, or the short name that it has in the terminal
 *
 * Returns: (transfer none) (nullable): the module
 */
SbModule *
sb_module_store_find_by_name (SbModuleStore *self, const char *name)
{
  SbModule *module = sb_module_store_find (self, name);

  for (guint i = 0; module == NULL && i < self->modules->len; i++)
    if (g_strcmp0 (sb_module_get_short_name (self->modules->pdata[i]), name) == 0)
      module = self->modules->pdata[i];
  return module;
}

/* The module replaces nothing: a file from anywhere must not take the place of what is trusted. */
static gboolean
check_new (SbModuleStore *self, SbModule *module, GError **error)
{
  SbModule *old = sb_module_store_find (self, sb_module_get_id (module));

  if (old == NULL)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_EXISTS,
               _ ("“%s” has this “id” already. Give the file another one."),
               sb_module_get_title (old));
  return FALSE;
}

/**
 * sb_module_store_import:
 * @self: a store
 * @path: a file that holds a module
 * @error: return location for an error
 *
 * Copies the file into the folder of a person's own modules and adds the module. One with an id
 * that is in use already is refused. Until the next start it comes last.
 *
 * Returns: (transfer none) (nullable): the module
 */
SbModule *
sb_module_store_import (SbModuleStore *self, const char *path, GError **error)
{
  g_autoptr (SbModule) module = NULL;
  g_autofree char *name = NULL;
  g_autofree char *target = NULL;
  g_autofree char *text = NULL;
  gsize length;

  g_return_val_if_fail (SB_IS_MODULE_STORE (self), NULL);
  g_return_val_if_fail (self->folder != NULL, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  module = sb_module_new_from_file (path, error);
  if (module == NULL || !check_new (self, module, error))
    return NULL;
  name = g_strconcat (sb_module_get_id (module), ".json", NULL);
  target = g_build_filename (self->folder, name, NULL);
  g_mkdir_with_parents (self->folder, 0700);
  if (!g_file_get_contents (path, &text, &length, error) ||
      !g_file_set_contents (target, text, (gssize) length, error))
    return NULL;
  g_ptr_array_add (self->modules, module);
  g_list_model_items_changed (G_LIST_MODEL (self), self->modules->len - 1, 0, 1);
  return g_steal_pointer (&module);
}

/**
 * sb_module_store_get_problems:
 * @self: a store
 *
 * Returns: (transfer none) (element-type GError): one error for each file that could not be read;
 *   it names file, line and reason
 */
GPtrArray *
sb_module_store_get_problems (SbModuleStore *self)
{
  g_return_val_if_fail (SB_IS_MODULE_STORE (self), NULL);

  return self->problems;
}
