/* sb-connection-file.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file of connections. Window and terminal may change it at the same time: who does holds a
 * lock and reads it anew. It is replaced as a whole, so that a crash leaves the old one or the new
 * one.
 */

#include "config.h"

#include "cloud/sb-connection-file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define VERSION 1

static GPtrArray *
parse (JsonObject *document, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);
  JsonArray *items = sb_json_get_array (document, "connections");

  if (sb_json_get_int (document, "version", 0) > VERSION)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_STORAGE,
                           _ ("A newer Sagebrush wrote it; use that one"));
      return NULL;
    }
  for (guint i = 0; items != NULL && i < json_array_get_length (items); i++)
    {
      JsonNode *node = json_array_get_element (items, i);
      SbConnectionInfo *info = NULL;

      if (JSON_NODE_HOLDS_OBJECT (node))
        info = sb_connection_info_new_from_json (json_node_get_object (node), error);
      if (info == NULL)
        return NULL;
      g_ptr_array_add (all, info);
    }
  return g_steal_pointer (&all);
}

/*< private >
 * _sb_connection_file_load:
 * @path: the file
 * @error: %SB_ERROR_STORAGE
 *
 * Returns: (transfer full) (element-type SbConnectionInfo) (nullable): what is in the file; none
 * when it is not there
 */
GPtrArray *
_sb_connection_file_load (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) document = sb_json_load_file (path, &local);
  GPtrArray *all = NULL;

  if (document != NULL)
    all = parse (document, &local);
  else if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return g_ptr_array_new_with_free_func (g_object_unref);
  if (all == NULL)
    g_set_error (
        error,
        SB_ERROR,
        SB_ERROR_STORAGE,
        _ ("The connections in “%s” could not be read: %s. Correct the file or move it away."),
        path,
        local != NULL ? local->message : _ ("it holds something else"));
  return all;
}

static gboolean
save (const char *path, GPtrArray *all, GError **error)
{
  g_autoptr (JsonObject) document = sb_json_object_new ("version", "i", (gint64) VERSION, NULL);
  JsonArray *items = json_array_new ();
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < all->len; i++)
    json_array_add_object_element (items, sb_connection_info_to_json (all->pdata[i]));
  json_object_set_array_member (document, "connections", items);
  if (sb_json_save_file (document, path, &local))
    return TRUE;
  g_set_error (
      error,
      SB_ERROR,
      SB_ERROR_STORAGE,
      _ ("The connections could not be written: %s. Make room on the disk, then try again."),
      local->message);
  return FALSE;
}

static int
take_lock (const char *path, GError **error)
{
  g_autofree char *name = g_strconcat (path, ".lock", NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  int fd;

  g_mkdir_with_parents (folder, 0700);
  fd = g_open (name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0 && flock (fd, LOCK_EX) == 0)
    return fd;
  g_set_error (
      error,
      SB_ERROR,
      SB_ERROR_STORAGE,
      _ ("The connections could not be written: %s. Make room on the disk, then try again."),
      g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}

static guint
find (GPtrArray *all, const char *id)
{
  for (guint i = 0; i < all->len; i++)
    if (strcmp (sb_connection_info_get_id (all->pdata[i]), id) == 0)
      return i;
  return G_MAXUINT;
}

static gboolean
check_name (GPtrArray *all, SbConnectionInfo *info, GError **error)
{
  g_autofree char *name = g_utf8_casefold (sb_connection_info_get_name (info), -1);

  for (guint i = 0; i < all->len; i++)
    {
      g_autofree char *other = g_utf8_casefold (sb_connection_info_get_name (all->pdata[i]), -1);

      if (strcmp (name, other) != 0 ||
          strcmp (sb_connection_info_get_id (all->pdata[i]), sb_connection_info_get_id (info)) == 0)
        continue;
      g_set_error (
          error,
          SB_ERROR,
          SB_ERROR_EXISTS,
          _ ("There is a connection “%s” already; choose another name, or remove that one"),
          sb_connection_info_get_name (all->pdata[i]));
      return FALSE;
    }
  return TRUE;
}

static gboolean
change (const char *path, SbConnectionInfo *put, const char *remove, GError **error)
{
  g_autoptr (GPtrArray) all = _sb_connection_file_load (path, error);
  guint at;

  if (all == NULL || (put != NULL && !check_name (all, put, error)))
    return FALSE;
  at = find (all, put != NULL ? sb_connection_info_get_id (put) : remove);
  if (put == NULL && at != G_MAXUINT)
    g_ptr_array_remove_index (all, at);
  else if (put != NULL && at != G_MAXUINT)
    g_set_object ((GObject **) &all->pdata[at], G_OBJECT (put));
  else if (put != NULL)
    g_ptr_array_add (all, g_object_ref (put));
  return save (path, all, error);
}

static gboolean
change_locked (const char *path, SbConnectionInfo *put, const char *remove, GError **error)
{
  int lock = take_lock (path, error);
  gboolean fine = lock >= 0 && change (path, put, remove, error);

  if (lock >= 0)
    close (lock);
  return fine;
}

/*< private >
 * _sb_connection_file_put:
 * @path: the file
 * @info: a connection, in place of one of the same id
 * @error: %SB_ERROR_EXISTS when another has its name, else %SB_ERROR_STORAGE
 *
 * Returns: whether it is on the disk
 */
gboolean
_sb_connection_file_put (const char *path, SbConnectionInfo *info, GError **error)
{
  return change_locked (path, info, NULL, error);
}

/*< private >
 * _sb_connection_file_remove:
 * @path: the file
 * @id: a connection's id
 * @error: %SB_ERROR_STORAGE
 *
 * Returns: whether it is no longer on the disk, also when it never was
 */
gboolean
_sb_connection_file_remove (const char *path, const char *id, GError **error)
{
  return change_locked (path, NULL, id, error);
}
