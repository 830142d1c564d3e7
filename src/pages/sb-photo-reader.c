/* sb-photo-reader.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-photo-reader.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "workshop/sb-classify.h"

/* Photos that came together. */
typedef struct
{
  SbPhotoReader *reader;
  GPtrArray *items; /* (element-type SbPhotoEntry) */
} Batch;

/**
 * SbPhotoReader:
 *
 * Photos that a person wants to have read, one batch after another, by a run's endpoint; what is no
 * photo is set aside. Lives in the main thread.
 */
struct _SbPhotoReader
{
  GObject parent_instance;

  SbRun *run;
  GListStore *photos;
  GListStore *skipped;
  GHashTable *known; /* paths of photos */
  GPtrArray *classes;
  GQueue batches; /* of Batch; the first is being read */
  GCancellable *cancellable;
  guint n_searches;
  guint done;
  guint total;
};

enum
{
  PROGRESS,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbPhotoReader, sb_photo_reader, G_TYPE_OBJECT)

static void
batch_free (Batch *self)
{
  g_object_unref (self->reader);
  g_ptr_array_unref (self->items);
  g_free (self);
}

static void
tell (SbPhotoReader *self)
{
  g_signal_emit (self, signals[PROGRESS], 0);
}

/**
 * sb_photo_reader_get_photos:
 * @self: a reader
 *
 * Returns: (transfer none) (element-type SbPhotoEntry): the photos, read or to be read
 */
GListModel *
sb_photo_reader_get_photos (SbPhotoReader *self)
{
  return G_LIST_MODEL (self->photos);
}

/**
 * sb_photo_reader_get_skipped:
 * @self: a reader
 *
 * Returns: (transfer none) (element-type SbPhotoEntry): what turned out to be no photo; each has a
 * message that says why
 */
GListModel *
sb_photo_reader_get_skipped (SbPhotoReader *self)
{
  return G_LIST_MODEL (self->skipped);
}

gboolean
sb_photo_reader_is_busy (SbPhotoReader *self)
{
  return self->n_searches > 0 || !g_queue_is_empty (&self->batches);
}

/**
 * sb_photo_reader_is_searching:
 * @self: a reader
 *
 * Returns: whether folders are being looked through, so that the total is not known yet
 */
gboolean
sb_photo_reader_is_searching (SbPhotoReader *self)
{
  return self->n_searches > 0;
}

guint
sb_photo_reader_get_done (SbPhotoReader *self)
{
  return self->done;
}

guint
sb_photo_reader_get_total (SbPhotoReader *self)
{
  return self->total;
}

/**
 * sb_photo_reader_count_unread:
 * @self: a reader
 *
 * Returns: how many photos have no answer and are not waiting for one
 */
guint
sb_photo_reader_count_unread (SbPhotoReader *self)
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->photos)); i++)
    {
      g_autoptr (SbPhotoEntry) item = g_list_model_get_item (G_LIST_MODEL (self->photos), i);
      SbPhotoState state = sb_photo_entry_get_state (item);

      n += state == SB_PHOTO_PLAIN || state == SB_PHOTO_FAILED ? 1 : 0;
    }
  return n;
}

/* A model may have more classes than there are names. */
static const char *const *
get_classes (SbPhotoReader *self, guint n)
{
  while (self->classes->len < n)
    g_ptr_array_add (self->classes, g_strdup_printf (_ ("Class %u"), self->classes->len));
  return (const char *const *) self->classes->pdata;
}

static void
set_aside (SbPhotoReader *self, SbPhotoEntry *item, const char *message)
{
  GFile *file = sb_photo_entry_get_file (item);
  guint position;

  sb_photo_entry_set_message (item, message);
  g_list_store_append (self->skipped, item);
  if (file != NULL)
    g_hash_table_remove (self->known, g_file_peek_path (file));
  if (g_list_store_find (self->photos, item, &position))
    g_list_store_remove (self->photos, position);
}

/* The photo itself is at fault, so that asking again is of no use. A model that does not take it
 * says so with a "client error" of its own, here and on AWS. */
static gboolean
is_no_photo (const GError *error)
{
  return error->domain != SB_ERROR || error->code == SB_ERROR_INVALID ||
         (g_strcmp0 (sb_error_get_service_code (error), "ModelError") == 0 &&
          strstr (error->message, "client error") != NULL);
}

static void
take (SbPhotoReader *self, SbPhotoEntry *item, const SbPhotoReading *reading, const GError *error)
{
  self->done++;
  if (reading != NULL)
    sb_photo_entry_set_guesses (item,
                                get_classes (self, reading->n_classes),
                                reading->probabilities,
                                reading->n_classes,
                                reading->milliseconds);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    sb_photo_entry_set_plain (item);
  else if (is_no_photo (error))
    set_aside (self, item, error->message);
  else
    sb_photo_entry_set_message (item, error->message);
  tell (self);
}

static void
on_photo (guint index, const SbPhotoReading *reading, const GError *error, gpointer user_data)
{
  Batch *batch = user_data;

  /* Cleared meanwhile. */
  if (g_queue_peek_head (&batch->reader->batches) == batch)
    take (batch->reader, g_ptr_array_index (batch->items, index), reading, error);
}

static void read_next (SbPhotoReader *self);

/* What nobody has answered for is as it was. */
static void
end_batch (Batch *batch)
{
  SbPhotoReader *self = batch->reader;

  for (guint i = 0; i < batch->items->len; i++)
    if (sb_photo_entry_get_state (batch->items->pdata[i]) == SB_PHOTO_WAITING)
      sb_photo_entry_set_plain (batch->items->pdata[i]);
  if (!g_queue_remove (&self->batches, batch))
    return;
  if (g_queue_is_empty (&self->batches))
    self->done = self->total = 0;
  else
    read_next (self);
  tell (self);
}

static void
on_batch (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Batch *batch = user_data;
  g_autoptr (GError) error = NULL;

  /* Every photo has been told of by itself. */
  if (!sb_run_classify_photos_finish (SB_RUN (source), result, &error))
    g_debug ("%s", error->message);
  end_batch (batch);
  batch_free (batch);
}

static void
on_one (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Batch *batch = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SbPhotoReading) reading =
      sb_run_classify_photo_finish (SB_RUN (source), result, &error);

  on_photo (0, reading, error, batch);
  end_batch (batch);
  batch_free (batch);
}

static void
read_next (SbPhotoReader *self)
{
  Batch *batch = g_queue_peek_head (&self->batches);
  SbPhotoEntry *first = g_ptr_array_index (batch->items, 0);
  g_autoptr (GPtrArray) paths = NULL;

  if (sb_photo_entry_get_bytes (first) != NULL)
    {
      sb_run_classify_photo_async (
          self->run, sb_photo_entry_get_bytes (first), self->cancellable, on_one, batch);
      return;
    }
  paths = g_ptr_array_new ();
  for (guint i = 0; i < batch->items->len; i++)
    g_ptr_array_add (paths,
                     (gpointer) g_file_peek_path (
                         sb_photo_entry_get_file (batch->items->pdata[i])));
  g_ptr_array_add (paths, NULL);
  sb_run_classify_photos_async (self->run,
                                (const char *const *) paths->pdata,
                                on_photo,
                                batch,
                                self->cancellable,
                                on_batch,
                                batch);
}

static void
push (SbPhotoReader *self, GPtrArray *items)
{
  Batch *batch;

  if (items->len == 0)
    return;
  batch = g_new0 (Batch, 1);
  batch->reader = g_object_ref (self);
  batch->items = g_ptr_array_ref (items);
  self->total += items->len;
  for (guint i = 0; i < items->len; i++)
    sb_photo_entry_set_waiting (items->pdata[i]);
  g_queue_push_tail (&self->batches, batch);
  if (self->batches.length == 1)
    read_next (self);
}

static void
add_found (SbPhotoReader *self, GPtrArray *found)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < found->len; i++)
    {
      const SbFoundPhoto *photo = found->pdata[i];
      g_autoptr (GFile) file = g_file_new_for_path (photo->path);

      /* Dropped a second time it is still one photo. */
      if (g_hash_table_add (self->known, g_strdup (photo->path)))
        g_ptr_array_add (items, sb_photo_entry_new (file, photo->truth));
    }
  g_list_store_splice (self->photos,
                       g_list_model_get_n_items (G_LIST_MODEL (self->photos)),
                       0,
                       items->pdata,
                       items->len);
  push (self, items);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbPhotoReader) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = sb_run_find_photos_finish (SB_RUN (source), result, &error);

  self->n_searches--;
  if (found != NULL && found->len > 0)
    add_found (self, found);
  else if (found != NULL)
    sb_photo_reader_skip (self, _ ("Folder"), _ ("There is no photo in it."));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    sb_photo_reader_skip (self, _ ("Folder"), error->message);
  tell (self);
}

/**
 * sb_photo_reader_add_files:
 * @self: a reader
 * @paths: (array zero-terminated=1): files and folders
 *
 * Reads them, and what is in the folders.
 */
void
sb_photo_reader_add_files (SbPhotoReader *self, const char *const *paths)
{
  if (paths[0] == NULL)
    return;
  self->n_searches++;
  sb_run_find_photos_async (self->run, paths, self->cancellable, on_found, g_object_ref (self));
  tell (self);
}

/**
 * sb_photo_reader_add_bytes:
 * @self: a reader
 * @bytes: a picture in any format that GdkPixbuf reads
 * @name: what it is called
 */
void
sb_photo_reader_add_bytes (SbPhotoReader *self, GBytes *bytes, const char *name)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  SbPhotoEntry *item = sb_photo_entry_new_for_bytes (bytes, name);

  g_ptr_array_add (items, item);
  g_list_store_append (self->photos, item);
  push (self, items);
  tell (self);
}

/**
 * sb_photo_reader_skip:
 * @self: a reader
 * @name: of what cannot be read
 * @reason: why not
 */
void
sb_photo_reader_skip (SbPhotoReader *self, const char *name, const char *reason)
{
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
  g_autoptr (SbPhotoEntry) item = sb_photo_entry_new_for_bytes (none, name);

  sb_photo_entry_set_message (item, reason);
  g_list_store_append (self->skipped, item);
  tell (self);
}

/* All but the first are given up here; the first ends when its calls have. */
static void
drop_batches (SbPhotoReader *self, gboolean first)
{
  while (self->batches.length > (first ? 0 : 1))
    {
      Batch *batch = g_queue_pop_tail (&self->batches);

      for (guint i = 0; i < batch->items->len; i++)
        if (sb_photo_entry_get_state (batch->items->pdata[i]) == SB_PHOTO_WAITING)
          sb_photo_entry_set_plain (batch->items->pdata[i]);
      if (!g_queue_is_empty (&self->batches))
        batch_free (batch);
    }
}

static void
cancel (SbPhotoReader *self)
{
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  self->cancellable = g_cancellable_new ();
}

/**
 * sb_photo_reader_stop:
 * @self: a reader
 *
 * Reads no more; what has been read stays.
 */
void
sb_photo_reader_stop (SbPhotoReader *self)
{
  cancel (self);
  drop_batches (self, FALSE);
  tell (self);
}

/**
 * sb_photo_reader_read_rest:
 * @self: a reader
 *
 * Asks for every photo that has no answer.
 */
void
sb_photo_reader_read_rest (SbPhotoReader *self)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->photos));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SbPhotoEntry) item = g_list_model_get_item (G_LIST_MODEL (self->photos), i);
      g_autoptr (GPtrArray) one = g_ptr_array_new_with_free_func (g_object_unref);
      SbPhotoState state = sb_photo_entry_get_state (item);

      if (state != SB_PHOTO_PLAIN && state != SB_PHOTO_FAILED)
        continue;
      if (sb_photo_entry_get_bytes (item) == NULL)
        g_ptr_array_add (files, g_object_ref (item));
      else
        {
          g_ptr_array_add (one, g_object_ref (item));
          push (self, one);
        }
    }
  push (self, files);
  tell (self);
}

/**
 * sb_photo_reader_clear:
 * @self: a reader
 *
 * Forgets all photos.
 */
void
sb_photo_reader_clear (SbPhotoReader *self)
{
  cancel (self);
  drop_batches (self, TRUE);
  self->done = self->total = 0;
  g_hash_table_remove_all (self->known);
  g_list_store_remove_all (self->photos);
  g_list_store_remove_all (self->skipped);
  tell (self);
}

static void
sb_photo_reader_dispose (GObject *object)
{
  g_cancellable_cancel (SB_PHOTO_READER (object)->cancellable);
  G_OBJECT_CLASS (sb_photo_reader_parent_class)->dispose (object);
}

static void
sb_photo_reader_finalize (GObject *object)
{
  SbPhotoReader *self = SB_PHOTO_READER (object);

  /* A batch holds the reader, so that none can be left. */
  g_assert (g_queue_is_empty (&self->batches));
  g_object_unref (self->cancellable);
  g_hash_table_unref (self->known);
  g_ptr_array_unref (self->classes);
  g_object_unref (self->photos);
  g_object_unref (self->skipped);
  g_clear_object (&self->run);
  G_OBJECT_CLASS (sb_photo_reader_parent_class)->finalize (object);
}

static void
sb_photo_reader_class_init (SbPhotoReaderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_photo_reader_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_photo_reader_finalize;
  /**
   * SbPhotoReader::progress:
   *
   * A photo has been read, or there are others to be read, or nothing is left to do.
   */
  signals[PROGRESS] = g_signal_new (
      "progress", SB_TYPE_PHOTO_READER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sb_photo_reader_init (SbPhotoReader *self)
{
  self->photos = g_list_store_new (SB_TYPE_PHOTO_ENTRY);
  self->skipped = g_list_store_new (SB_TYPE_PHOTO_ENTRY);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->classes = g_ptr_array_new_with_free_func (g_free);
  self->cancellable = g_cancellable_new ();
  g_queue_init (&self->batches);
}

/**
 * sb_photo_reader_new:
 * @run: a run whose endpoint is in service
 *
 * Returns: (transfer full): a reader without photos
 */
SbPhotoReader *
sb_photo_reader_new (SbRun *run)
{
  SbPhotoReader *self = g_object_new (SB_TYPE_PHOTO_READER, NULL);
  g_auto (GStrv) classes = sb_run_list_photo_classes (run);

  self->run = g_object_ref (run);
  for (guint i = 0; classes != NULL && classes[i] != NULL; i++)
    g_ptr_array_add (self->classes, g_strdup (classes[i]));
  return self;
}
