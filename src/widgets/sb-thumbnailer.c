/* sb-thumbnailer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-thumbnailer.h"

#include "formats/sb-photo.h"

/* Threads that decode: more than these are of little use beside a model that computes. */
#define MAX_RUNNING 2

/* What is asked for, and by what it is found again. */
typedef struct
{
  guint64 serial;
  SbThumbnailShape shape;
  guint side;
} Key;

typedef struct
{
  Key key;
  GdkTexture *texture;
  gsize bytes;
  GList link; /* in the order of use */
} Entry;

typedef struct
{
  Key key;
  SbPhotoEntry *item;
  GtkWidget *viewer; /* (nullable) */
} Request;

/**
 * SbThumbnailer:
 *
 * Makes photos smaller, away from the main thread and only when they are asked for; what is in
 * sight comes first. The latest stay, as far as the budget reaches.
 */
struct _SbThumbnailer
{
  GObject parent_instance;

  GHashTable *entries; /* (element-type Key Entry) */
  GQueue used;         /* of Entry, the latest at the head */
  gsize bytes;
  gsize budget;
  GQueue waiting; /* of GTask, the oldest at the head */
  guint n_running;
};

G_DEFINE_FINAL_TYPE (SbThumbnailer, sb_thumbnailer, G_TYPE_OBJECT)

static guint
key_hash (gconstpointer data)
{
  const Key *key = data;

  return g_int64_hash (&key->serial) * 31 + key->side * 2 + key->shape;
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  const Key *left = a, *right = b;

  return left->serial == right->serial && left->shape == right->shape && left->side == right->side;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_object_unref (entry->texture);
  g_free (entry);
}

static void
request_free (gpointer data)
{
  Request *request = data;

  g_object_unref (request->item);
  g_clear_object (&request->viewer);
  g_free (request);
}

static void
forget (SbThumbnailer *self, Entry *entry)
{
  g_queue_unlink (&self->used, &entry->link);
  self->bytes -= entry->bytes;
  g_hash_table_remove (self->entries, &entry->key);
}

static void
keep (SbThumbnailer *self, const Key *key, GdkTexture *texture)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry != NULL)
    forget (self, entry);
  entry = g_new0 (Entry, 1);
  entry->key = *key;
  entry->texture = g_object_ref (texture);
  entry->bytes =
      (gsize) gdk_texture_get_width (texture) * (gsize) gdk_texture_get_height (texture) * 3;
  entry->link.data = entry;
  g_hash_table_insert (self->entries, &entry->key, entry);
  g_queue_push_head_link (&self->used, &entry->link);
  self->bytes += entry->bytes;
  /* The newest stays even when it is larger than the budget: it is on the screen. */
  while (self->bytes > self->budget && self->used.length > 1)
    forget (self, self->used.tail->data);
}

/**
 * sb_thumbnailer_lookup:
 * @self: a thumbnailer
 * @item: a photo
 * @shape: how much of it
 * @side: pixels
 *
 * Returns: (transfer none) (nullable): what sb_thumbnailer_load_async() has made, if it is still
 * there
 */
GdkTexture *
sb_thumbnailer_lookup (SbThumbnailer *self, SbPhotoEntry *item, SbThumbnailShape shape, guint side)
{
  const Key key = { sb_photo_entry_get_serial (item), shape, side };
  Entry *entry = g_hash_table_lookup (self->entries, &key);

  if (entry == NULL)
    return NULL;
  g_queue_unlink (&self->used, &entry->link);
  g_queue_push_head_link (&self->used, &entry->link);
  return entry->texture;
}

/* Its short side has at least @short_side pixels, if it has so many at all. */
static SbPhoto *
decode (SbPhotoEntry *item, int short_side, GCancellable *cancellable, GError **error)
{
  GBytes *bytes = sb_photo_entry_get_bytes (item);
  GFile *file = sb_photo_entry_get_file (item);
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
  g_autoptr (GBytes) loaded = NULL;
  gsize length;
  const void *data;

  if (path != NULL)
    return sb_photo_load (path, short_side, error);
  if (bytes == NULL)
    bytes = loaded = g_file_load_bytes (file, cancellable, NULL, error);
  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &length);
  return sb_photo_decode (data, length, short_side, error);
}

/* No larger than it is. */
static SbPhoto *
shrink (const SbPhoto *photo, SbThumbnailShape shape, int side)
{
  int width = photo->width, height = photo->height;
  int least = MIN (width, height);
  double scale = (double) side / MAX (width, height);
  SbPhotoBox middle = { (width - least) / 2.0, (height - least) / 2.0, least, least };

  if (shape == SB_THUMBNAIL_SQUARE)
    return sb_photo_resample (photo, &middle, MIN (side, least), MIN (side, least));
  if (scale >= 1)
    return sb_photo_resize (photo, width, height);
  return sb_photo_resize (photo,
                          MAX (1, (int) (width * scale + 0.5)),
                          MAX (1, (int) (height * scale + 0.5)));
}

static GdkTexture *
make_texture (const SbPhoto *photo)
{
  gsize stride = (gsize) photo->width * 3;
  g_autoptr (GBytes) bytes = g_bytes_new (photo->pixels, stride * (gsize) photo->height);

  return gdk_memory_texture_new (photo->width, photo->height, GDK_MEMORY_R8G8B8, bytes, stride);
}

static GdkTexture *
make_thumbnail (const Request *request, GCancellable *cancellable, GError **error)
{
  g_autoptr (SbPhoto) photo = decode (request->item, (int) request->key.side, cancellable, error);
  g_autoptr (SbPhoto) smaller = NULL;

  if (photo == NULL)
    return NULL;
  smaller = shrink (photo, request->key.shape, (int) request->key.side);
  return make_texture (smaller);
}

static void start (SbThumbnailer *self);

static void
on_decoded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SbThumbnailer *self = SB_THUMBNAILER (source);
  const Request *request = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GdkTexture *texture = g_task_propagate_pointer (G_TASK (result), &error);

  self->n_running--;
  if (texture != NULL)
    {
      keep (self, &request->key, texture);
      g_task_return_pointer (task, texture, g_object_unref);
    }
  else
    g_task_return_error (task, g_steal_pointer (&error));
  start (self);
}

static void
decode_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Request *request = data;
  g_autoptr (GError) error = NULL;
  GdkTexture *texture = make_thumbnail (request, cancellable, &error);

  if (texture != NULL)
    g_task_return_pointer (task, texture, g_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Lists keep widgets ready on either side of what can be seen. */
static gboolean
is_in_sight (GtkWidget *viewer)
{
  GtkWidget *view = gtk_widget_get_ancestor (viewer, GTK_TYPE_SCROLLED_WINDOW);
  graphene_rect_t bounds;
  graphene_rect_t window;

  if (!gtk_widget_get_mapped (viewer) || view == NULL ||
      !gtk_widget_compute_bounds (viewer, view, &bounds))
    return FALSE;
  graphene_rect_init (
      &window, 0, 0, (float) gtk_widget_get_width (view), (float) gtk_widget_get_height (view));
  return graphene_rect_intersection (&window, &bounds, NULL);
}

static GTask *
pop (SbThumbnailer *self)
{
  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      GTask *task = link->data;
      const Request *request = g_task_get_task_data (task);

      if (request->viewer != NULL && is_in_sight (request->viewer) &&
          !g_cancellable_is_cancelled (g_task_get_cancellable (task)))
        {
          g_queue_delete_link (&self->waiting, link);
          return task;
        }
    }
  return g_queue_pop_head (&self->waiting);
}

static void
start (SbThumbnailer *self)
{
  while (self->n_running < MAX_RUNNING && !g_queue_is_empty (&self->waiting))
    {
      g_autoptr (GTask) task = pop (self);
      GCancellable *cancellable = g_task_get_cancellable (task);
      g_autoptr (GTask) work = NULL;

      /* Scrolled past meanwhile. */
      if (g_task_return_error_if_cancelled (task))
        continue;
      self->n_running++;
      work = g_task_new (self, cancellable, on_decoded, g_object_ref (task));
      g_task_set_source_tag (work, start);
      g_task_set_task_data (work, g_task_get_task_data (task), NULL);
      g_task_run_in_thread (work, decode_in_thread);
    }
}

/**
 * sb_thumbnailer_load_async:
 * @self: a thumbnailer
 * @item: a photo
 * @shape: how much of it
 * @side: pixels of the longer side, of the whole photo, or of each side of the square; a smaller
 *   photo stays as it is
 * @viewer: (nullable): the widget that will show it
 * @cancellable: (nullable): a cancellable
 * @callback: called in the main thread
 * @user_data: data for @callback
 *
 * EXIF's orientation is honoured.
 */
void
sb_thumbnailer_load_async (SbThumbnailer *self,
                           SbPhotoEntry *item,
                           SbThumbnailShape shape,
                           guint side,
                           GtkWidget *viewer,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GdkTexture *known = sb_thumbnailer_lookup (self, item, shape, side);
  Request *request = g_new0 (Request, 1);

  request->key = (Key){ sb_photo_entry_get_serial (item), shape, side };
  request->item = g_object_ref (item);
  request->viewer = viewer != NULL ? g_object_ref (viewer) : NULL;
  g_task_set_source_tag (task, sb_thumbnailer_load_async);
  g_task_set_task_data (task, request, request_free);
  if (known != NULL)
    {
      g_task_return_pointer (task, g_object_ref (known), g_object_unref);
      return;
    }
  g_queue_push_tail (&self->waiting, g_steal_pointer (&task));
  start (self);
}

/**
 * sb_thumbnailer_load_finish:
 * @self: a thumbnailer
 * @result: what the callback got
 * @error: why it cannot be read
 *
 * Returns: (transfer full) (nullable): the smaller photo
 */
GdkTexture *
sb_thumbnailer_load_finish (SbThumbnailer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * sb_thumbnailer_get_bytes:
 * @self: a thumbnailer
 *
 * Returns: how much memory what is kept takes
 */
gsize
sb_thumbnailer_get_bytes (SbThumbnailer *self)
{
  return self->bytes;
}

static void
sb_thumbnailer_finalize (GObject *object)
{
  SbThumbnailer *self = SB_THUMBNAILER (object);

  /* A task holds the thumbnailer, so that none can be waiting. */
  g_assert (g_queue_is_empty (&self->waiting));
  g_hash_table_unref (self->entries);
  G_OBJECT_CLASS (sb_thumbnailer_parent_class)->finalize (object);
}

static void
sb_thumbnailer_class_init (SbThumbnailerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_thumbnailer_finalize;
}

static void
sb_thumbnailer_init (SbThumbnailer *self)
{
  self->entries = g_hash_table_new_full (key_hash, key_equal, NULL, entry_free);
  g_queue_init (&self->used);
  g_queue_init (&self->waiting);
}

/**
 * sb_thumbnailer_new:
 * @budget: how many bytes what is kept may take
 *
 * Returns: (transfer full): a thumbnailer; lives in the main thread
 */
SbThumbnailer *
sb_thumbnailer_new (gsize budget)
{
  SbThumbnailer *self = g_object_new (SB_TYPE_THUMBNAILER, NULL);

  self->budget = budget;
  return self;
}
