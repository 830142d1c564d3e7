/* sb-parallel.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-parallel-private.h"

/* More often than this nobody wants to know. */
#define PROGRESS_STEP (256 * 1024)

typedef struct
{
  guint n_pieces;
  gint next; /* atomic */
  SbParallelFunc func;
  gpointer data;
  GCancellable *cancellable; /* ends everybody's work */
  GMutex lock;
  GError *error; /* the first; guarded by lock */
} Work;

static void
take_error (Work *work, GError *error)
{
  g_mutex_lock (&work->lock);
  if (work->error == NULL)
    work->error = error;
  else
    g_error_free (error);
  g_mutex_unlock (&work->lock);
  /* After the error was taken: those who stop because of this must not be first. */
  g_cancellable_cancel (work->cancellable);
}

static gpointer
work_thread (gpointer user_data)
{
  Work *work = user_data;

  for (;;)
    {
      guint index = (guint) g_atomic_int_add (&work->next, 1);
      GError *error = NULL;

      if (index >= work->n_pieces || g_cancellable_is_cancelled (work->cancellable))
        return NULL;
      if (!work->func (index, work->data, work->cancellable, &error))
        take_error (work, error);
    }
}

static void
cancelled_cb (GCancellable *outer, gpointer inner)
{
  g_cancellable_cancel (inner);
}

/**
 * sb_parallel_run:
 * @n_pieces: how much there is to do
 * @n_threads: how many may do it at once, this thread included
 * @func: does one piece
 * @data: data for @func
 * @cancellable: (nullable): a cancellable
 * @error: the first error; all work ends with it
 *
 * Returns: whether every piece was done
 */
gboolean
sb_parallel_run (guint n_pieces,
                 guint n_threads,
                 SbParallelFunc func,
                 gpointer data,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (GCancellable) inner = g_cancellable_new ();
  g_autoptr (GPtrArray) threads = g_ptr_array_new ();
  Work work = { .n_pieces = n_pieces, .func = func, .data = data, .cancellable = inner };
  gulong handler = 0;
  gboolean failed;

  g_mutex_init (&work.lock);
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), inner, NULL);
  for (guint i = 1; i < MIN (n_threads, n_pieces); i++)
    g_ptr_array_add (threads, g_thread_new ("sb-transfer", work_thread, &work));
  work_thread (&work);
  for (guint i = 0; i < threads->len; i++)
    g_thread_join (g_ptr_array_index (threads, i));
  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, handler);
  g_mutex_clear (&work.lock);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      g_clear_error (&work.error);
      return FALSE;
    }
  failed = work.error != NULL;
  if (failed)
    g_propagate_error (error, g_steal_pointer (&work.error));
  return !failed;
}

void
_sb_progress_init (SbProgress *self, guint64 total, SbProgressFunc func, gpointer user_data)
{
  *self = (SbProgress){ .func = func, .user_data = user_data, .total = total };
  g_mutex_init (&self->lock);
}

void
_sb_progress_clear (SbProgress *self)
{
  g_mutex_clear (&self->lock);
}

/*< private >
 * _sb_progress_add:
 * @self: a progress
 * @bytes: how many more are done; negative for what has to be done again
 */
void
_sb_progress_add (SbProgress *self, gint64 bytes)
{
  g_mutex_lock (&self->lock);
  self->done += bytes;
  if (self->func != NULL && (self->done - self->shown >= PROGRESS_STEP ||
                             (self->done > self->shown && (guint64) self->done == self->total)))
    {
      self->shown = self->done;
      self->func ((guint64) self->done, self->total, self->user_data);
    }
  g_mutex_unlock (&self->lock);
}
