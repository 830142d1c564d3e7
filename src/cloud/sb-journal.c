/* sb-journal.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-journal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* A journal is for reading back: what is older than this stands in the file beside it. */
#define MAX_FILE_BYTES ((gint64) 32 * 1024 * 1024)
/* Of a transfer of very many files, so many are shown; all are in the file. */
#define MAX_OF_TRANSFER 500

/**
 * SbJournal:
 *
 * Every API call, in order: a list model over an append-only file of JSON Lines.
 *
 * Any thread may append; the model changes only in the thread that made the journal, from its main
 * context. sb_journal_dup_entries() sees every entry at once, in any thread.
 *
 * The file has every call. Of the pieces of one transfer the model has the first few hundred only,
 * as tens of thousands of them would tell nothing more and take their memory.
 */
struct _SbJournal
{
  GObject parent_instance;

  char *path;
  int fd;
  GMainContext *context;
  GThread *owner;

  GMutex lock;
  GPtrArray *entries;  /* of SbJournalEntry; guarded by lock, as is the next */
  GHashTable *pieces;  /* (element-type utf8 guint): how many entries a transfer has */
  guint n_shown;       /* how many the model has announced; guarded by lock */
  gboolean announcing; /* a source that will announce the rest is pending; guarded by lock */
};

static GType
sb_journal_get_item_type (GListModel *model)
{
  return SB_TYPE_JOURNAL_ENTRY;
}

static guint
sb_journal_get_n_items (GListModel *model)
{
  SbJournal *self = SB_JOURNAL (model);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->n_shown;
}

static gpointer
sb_journal_get_item (GListModel *model, guint position)
{
  SbJournal *self = SB_JOURNAL (model);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (position >= self->n_shown)
    return NULL;
  return g_object_ref (g_ptr_array_index (self->entries, position));
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = sb_journal_get_item_type;
  iface->get_n_items = sb_journal_get_n_items;
  iface->get_item = sb_journal_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbJournal,
                               sb_journal,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static void
sb_journal_finalize (GObject *object)
{
  SbJournal *self = SB_JOURNAL (object);

  if (self->fd >= 0)
    close (self->fd);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->pieces, g_hash_table_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (sb_journal_parent_class)->finalize (object);
}

static void
sb_journal_class_init (SbJournalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_journal_finalize;
}

static void
sb_journal_init (SbJournal *self)
{
  self->fd = -1;
  self->context = g_main_context_ref_thread_default ();
  self->owner = g_thread_self ();
  self->entries = g_ptr_array_new_with_free_func (g_object_unref);
  self->pieces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_init (&self->lock);
}

static void
announce (SbJournal *self)
{
  guint position, added;

  g_mutex_lock (&self->lock);
  self->announcing = FALSE;
  position = self->n_shown;
  added = self->entries->len - position;
  self->n_shown += added;
  g_mutex_unlock (&self->lock);
  if (added > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), position, 0, added);
}

static gboolean
announce_cb (gpointer user_data)
{
  announce (SB_JOURNAL (user_data));
  return G_SOURCE_REMOVE;
}

static void
announce_later (SbJournal *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, announce_cb, g_object_ref (self), g_object_unref);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_attach (source, self->context);
}

static gboolean
is_piece (SbJournalEntry *entry)
{
  static const char *const operations[] = { "PutObject", "UploadPart", "GetObject", NULL };
  const char *operation = sb_journal_entry_get_operation (entry);

  return operation != NULL && g_strv_contains (operations, operation) &&
         sb_journal_entry_get_error_code (entry) == NULL;
}

/* A journal that has no file is all that there is of it. */
static gboolean
is_one_too_many (SbJournal *self, SbJournalEntry *entry)
{
  JsonObject *transfer = self->path != NULL ? sb_journal_entry_get_transfer (entry) : NULL;
  const char *id = transfer != NULL ? sb_json_get_string (transfer, "id", NULL) : NULL;
  guint n;

  if (id == NULL || !is_piece (entry))
    return FALSE;
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->pieces, id));
  if (n == MAX_OF_TRANSFER)
    return TRUE;
  g_hash_table_replace (self->pieces, g_strdup (id), GUINT_TO_POINTER (n + 1));
  return FALSE;
}

/* A line that a crash tore is left out; the ones around it count. */
static void
take_line (SbJournal *self, const char *line, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (SbJournalEntry) entry = NULL;
  JsonNode *root;

  if (length == 0 || !json_parser_load_from_data (parser, line, (gssize) length, NULL))
    return;
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return;
  entry = sb_journal_entry_new_from_json (json_node_get_object (root));
  if (!is_one_too_many (self, entry))
    g_ptr_array_add (self->entries, g_steal_pointer (&entry));
}

static gboolean
load (SbJournal *self, gboolean *torn, GError **error)
{
  g_autofree char *text = NULL;
  gsize length = 0;
  g_autoptr (GError) local = NULL;
  const char *line, *end;

  *torn = FALSE;
  if (!g_file_get_contents (self->path, &text, &length, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The journal could not be read: %s"),
                   local->message);
      return FALSE;
    }
  *torn = length > 0 && text[length - 1] != '\n';
  end = text + length;
  for (line = text; line < end;)
    {
      const char *stop = memchr (line, '\n', (gsize) (end - line));

      if (stop == NULL)
        stop = end;
      take_line (self, line, (gsize) (stop - line));
      line = stop + 1;
    }
  self->n_shown = self->entries->len;
  return TRUE;
}

static void
put_aside_when_large (const char *path)
{
  g_autofree char *aside = g_strconcat (path, ".1", NULL);
  GStatBuf info;

  if (g_stat (path, &info) == 0 && info.st_size > MAX_FILE_BYTES)
    (void) g_rename (path, aside);
}

static gboolean
open_file (SbJournal *self, gboolean torn, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->path);

  (void) g_mkdir_with_parents (folder, 0700);
  self->fd = g_open (self->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  /* A torn last line gets its end, so that the next entry begins on a line of its own. */
  if (self->fd >= 0 && (!torn || write (self->fd, "\n", 1) == 1))
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_STORAGE,
               _ ("The journal %s could not be opened: %s"),
               self->path,
               g_strerror (errno));
  return FALSE;
}

/**
 * sb_journal_new:
 * @path: (nullable): the file, made when it does not exist; %NULL keeps the journal in memory only
 * @error: return location for an error
 *
 * Opens a journal and reads what it holds.
 *
 * Returns: (transfer full): the journal, or %NULL with %SB_ERROR_STORAGE
 */
SbJournal *
sb_journal_new (const char *path, GError **error)
{
  g_autoptr (SbJournal) self = g_object_new (SB_TYPE_JOURNAL, NULL);
  gboolean torn;

  if (path == NULL)
    return g_steal_pointer (&self);
  self->path = g_strdup (path);
  put_aside_when_large (path);
  if (!load (self, &torn, error) || !open_file (self, torn, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * sb_journal_get_path:
 * @self: a journal
 *
 * Returns: (transfer none) (nullable): the file
 */
const char *
sb_journal_get_path (SbJournal *self)
{
  g_return_val_if_fail (SB_IS_JOURNAL (self), NULL);

  return self->path;
}

static void
write_line (SbJournal *self, SbJournalEntry *entry)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  gsize length, done = 0;

  json_node_set_object (node, sb_journal_entry_get_json (entry));
  text = json_to_string (node, FALSE);
  line = g_strconcat (text, "\n", NULL);
  length = strlen (line);
  while (done < length)
    {
      gssize n = write (self->fd, line + done, length - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          /* The call itself has been made: a full disk must not turn it into a failure. */
          g_warning ("The journal %s could not be written: %s", self->path, g_strerror (errno));
          return;
        }
      done += (gsize) n;
    }
}

/**
 * sb_journal_append:
 * @self: a journal
 * @entry: the entry to add
 *
 * Adds an entry, in the file at once and in the model as soon as its main context runs, unless it
 * is one of very many pieces of one transfer. May be called in any thread.
 */
void
sb_journal_append (SbJournal *self, SbJournalEntry *entry)
{
  gboolean later;

  g_return_if_fail (SB_IS_JOURNAL (self));
  g_return_if_fail (SB_IS_JOURNAL_ENTRY (entry));

  g_mutex_lock (&self->lock);
  if (self->fd >= 0)
    write_line (self, entry);
  if (!is_one_too_many (self, entry))
    g_ptr_array_add (self->entries, g_object_ref (entry));
  later = g_thread_self () != self->owner && !self->announcing;
  if (later)
    self->announcing = TRUE;
  g_mutex_unlock (&self->lock);

  if (g_thread_self () == self->owner)
    announce (self);
  else if (later)
    announce_later (self);
}

static gboolean
matches (const char *wanted, const char *value)
{
  return wanted == NULL || g_strcmp0 (wanted, value) == 0;
}

/**
 * sb_journal_dup_entries:
 * @self: a journal
 * @module: (nullable): only this module's entries
 * @run: (nullable): only this run's entries
 * @step: (nullable): only this step's entries
 *
 * Returns: (transfer container) (element-type SbJournalEntry): the entries, oldest first
 */
GPtrArray *
sb_journal_dup_entries (SbJournal *self, const char *module, const char *run, const char *step)
{
  g_autoptr (GMutexLocker) locker = NULL;
  GPtrArray *found;

  g_return_val_if_fail (SB_IS_JOURNAL (self), NULL);

  locker = g_mutex_locker_new (&self->lock);
  found = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->entries->len; i++)
    {
      SbJournalEntry *entry = g_ptr_array_index (self->entries, i);

      if (matches (module, sb_journal_entry_get_module (entry)) &&
          matches (run, sb_journal_entry_get_run (entry)) &&
          matches (step, sb_journal_entry_get_step (entry)))
        g_ptr_array_add (found, g_object_ref (entry));
    }
  return found;
}
