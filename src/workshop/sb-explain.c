/* sb-explain.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why a model says what it says of a photo: squares of it are covered one after the other, and the
 * endpoint is asked each time. Where its answer suffers, it had looked.
 */

#include "config.h"

#include <string.h>

#include "cloud/sb-parallel.h"
#include "workshop/sb-classify-private.h"
#include "workshop/sb-photo-ask.h"

#define MAX_ASKED 4
/* Of the photo that is asked about, in pixels: as much as a network looks at. */
#define SHORT_SIDE 256
#define MAX_CELLS  64

typedef struct
{
  SbPhotoTarget target;
  GBytes *photo;
  guint cells;
  SbOcclusionFunc func;
  gpointer func_data;
  GMainContext *context;
  GTask *task;

  SbPhoto *small;
  guint8 grey[3]; /* the photo's mean colour, which tells nothing */
  SbOcclusionMap *map;
  gint done; /* atomic */
} Inquiry;

void
sb_occlusion_map_free (SbOcclusionMap *self)
{
  g_free (self->drops);
  g_free (self);
}

static void
inquiry_free (gpointer data)
{
  Inquiry *self = data;

  _sb_photo_target_clear (&self->target);
  g_bytes_unref (self->photo);
  g_main_context_unref (self->context);
  g_clear_pointer (&self->small, sb_photo_free);
  g_clear_pointer (&self->map, sb_occlusion_map_free);
  g_free (self);
}

typedef struct
{
  GTask *task; /* keeps the inquiry */
  guint done;
  guint total;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_object_unref (news->task);
  g_free (news);
}

static gboolean
deliver (gpointer data)
{
  News *news = data;
  Inquiry *self = g_task_get_task_data (news->task);

  if (!g_cancellable_is_cancelled (g_task_get_cancellable (news->task)))
    self->func (news->done, news->total, self->func_data);
  return G_SOURCE_REMOVE;
}

static void
tell (Inquiry *self)
{
  News *news = g_new0 (News, 1);

  news->task = g_object_ref (self->task);
  news->done = (guint) g_atomic_int_add (&self->done, 1) + 1;
  news->total = self->map->columns * self->map->rows;
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, deliver, news, news_free);
}

static void
find_mean (const SbPhoto *photo, guint8 mean[3])
{
  gsize n = (gsize) photo->width * (gsize) photo->height;
  guint64 sums[3] = { 0 };

  for (gsize i = 0; i < 3 * n; i++)
    sums[i % 3] += photo->pixels[i];
  for (guint k = 0; k < 3; k++)
    mean[k] = (guint8) (sums[k] / n);
}

/* A copy of which one square has the mean colour. */
static SbPhoto *
cover (const Inquiry *self, guint index)
{
  const SbPhoto *small = self->small;
  SbPhoto *photo = sb_photo_crop (small, 0, 0, small->width, small->height);
  int columns = (int) self->map->columns, rows = (int) self->map->rows;
  int column = (int) index % columns, row = (int) index / columns;

  for (int y = row * small->height / rows; y < (row + 1) * small->height / rows; y++)
    for (int x = column * small->width / columns; x < (column + 1) * small->width / columns; x++)
      memcpy (photo->pixels + ((gsize) y * (gsize) small->width + (gsize) x) * 3, self->grey, 3);
  return photo;
}

static SbPhotoReading *
ask (Inquiry *self, const SbPhoto *photo, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) jpeg = sb_photo_to_jpeg (photo, error);

  return jpeg != NULL
             ? sb_photo_ask (self->target.client, self->target.endpoint, jpeg, cancellable, error)
             : NULL;
}

static gboolean
ask_one (guint index, gpointer data, GCancellable *cancellable, GError **error)
{
  Inquiry *self = data;
  g_autoptr (SbPhoto) covered = cover (self, index);
  g_autoptr (SbPhotoReading) reading = ask (self, covered, cancellable, error);

  if (reading == NULL)
    return FALSE;
  if (self->map->best < reading->n_classes)
    self->map->drops[index] = self->map->probability - reading->probabilities[self->map->best];
  tell (self);
  return TRUE;
}

static gboolean
decode (Inquiry *self, GError **error)
{
  gsize length;
  const void *data = g_bytes_get_data (self->photo, &length);
  g_autoptr (SbPhoto) photo = sb_photo_decode (data, length, SHORT_SIDE, error);

  if (photo == NULL)
    return FALSE;
  self->small = MIN (photo->width, photo->height) > SHORT_SIDE
                    ? sb_photo_resize_short (photo, SHORT_SIDE)
                    : g_steal_pointer (&photo);
  find_mean (self->small, self->grey);
  return TRUE;
}

/* Squares as far as it goes: the longer side has more of them. */
static void
lay_out (Inquiry *self)
{
  guint width = (guint) self->small->width, height = (guint) self->small->height;
  guint side = MAX (MIN (width, height), 1);
  guint cells = CLAMP (self->cells, 1, MIN (side, MAX_CELLS));

  self->map = g_new0 (SbOcclusionMap, 1);
  self->map->columns = MIN ((cells * width + side / 2) / side, MAX_CELLS);
  self->map->rows = MIN ((cells * height + side / 2) / side, MAX_CELLS);
  self->map->drops = g_new0 (double, self->map->columns * self->map->rows);
}

static gboolean
inquire (Inquiry *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (SbPhotoReading) whole = NULL;

  if (!decode (self, error))
    return FALSE;
  lay_out (self);
  whole = ask (self, self->small, cancellable, error);
  if (whole == NULL)
    return FALSE;
  self->map->best = whole->best;
  self->map->probability = whole->probabilities[whole->best];
  return sb_parallel_run (
      self->map->columns * self->map->rows, MAX_ASKED, ask_one, self, cancellable, error);
}

static void
inquire_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Inquiry *self = data;
  GError *error = NULL;

  if (inquire (self, cancellable, &error))
    g_task_return_pointer (task,
                           g_steal_pointer (&self->map),
                           (GDestroyNotify) sb_occlusion_map_free);
  else
    g_task_return_error (task, error);
}

/**
 * sb_run_explain_photo_async:
 * @self: a run whose endpoint is in service
 * @photo: a file of any format that sb_photo_decode() reads
 * @cells: squares along the shorter side, such as %SB_OCCLUSION_CELLS
 * @func: called after each square; not after @cancellable was cancelled
 * @func_data: data for @func
 * @cancellable: (nullable): a cancellable
 * @callback: called with the map
 * @user_data: data for @callback
 *
 * Asks the endpoint about the photo, and then about it with each of its squares covered by the
 * photo's mean colour, several at a time.
 */
void
sb_run_explain_photo_async (SbRun *self,
                            GBytes *photo,
                            guint cells,
                            SbOcclusionFunc func,
                            gpointer func_data,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Inquiry *inquiry = g_new0 (Inquiry, 1);

  _sb_photo_target_init (&inquiry->target, self);
  inquiry->photo = g_bytes_ref (photo);
  inquiry->cells = cells;
  inquiry->func = func;
  inquiry->func_data = func_data;
  inquiry->context = g_main_context_ref_thread_default ();
  inquiry->task = task;
  g_task_set_source_tag (task, sb_run_explain_photo_async);
  g_task_set_task_data (task, inquiry, inquiry_free);
  g_task_run_in_thread (task, inquire_in_thread);
}

/**
 * sb_run_explain_photo_finish:
 * @self: a run
 * @result: what the callback got
 * @error: why there is no map
 *
 * Returns: (transfer full) (nullable): the map; free it with sb_occlusion_map_free()
 */
SbOcclusionMap *
sb_run_explain_photo_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
