/* sb-loader.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A ring of slots, one photo each. Workers claim positions of the epoch in their order and fill the
 * slots; the network's thread takes them in the same order, so that it makes no difference who was
 * first. Slots hold pixels of 8 bits: they become numbers when they are taken.
 */

#include "config.h"

#include "algorithms/vision/sb-loader.h"

#include <string.h>

/* How many batches are read ahead, the one that is being taken included. */
#define AHEAD 3
/* Positions that a worker claims at a time, at most. */
#define MAX_CLAIM 16
/* Broken photos that are named. */
#define MAX_NAMED 5

typedef enum
{
  SLOT_EMPTY,
  SLOT_GOOD,
  SLOT_BROKEN,
} SlotState;

typedef struct
{
  SlotState state;
  char *message;
} Slot;

struct _SbLoader
{
  SbDataset *dataset;
  SbLoaderOptions options;
  guint64 batch;
  gsize n_values;
  guint64 claim;

  GPtrArray *threads;
  GMutex lock;
  GCond may_fill;
  GCond may_take;
  gboolean closing;
  guint n_busy;

  Slot *slots;
  guint8 *pixels;
  guint64 n_slots;

  guint32 *order;
  guint64 n;
  guint64 seed;
  guint64 claimed;
  guint64 taken;
  guint64 n_good;

  SbPhoto **cache;
  gsize cached;
  int *broken;
  guint n_broken;
  GPtrArray *named;
  gint64 waited;
};

/* From the cache, or decoded; *@owned is set when the caller has to free it. */
static const SbPhoto *
get_photo (SbLoader *self, guint32 index, GByteArray *bytes, SbPhoto **owned, GError **error)
{
  SbPhoto *photo = g_atomic_pointer_get (&self->cache[index]);
  gsize size;

  if (photo != NULL)
    return photo;
  if (!sb_dataset_read (self->dataset, index, bytes, error))
    return NULL;
  photo = sb_input_decode (&self->options, bytes->data, bytes->len, error);
  if (photo == NULL)
    return NULL;
  size = sb_photo_get_size (photo);
  if (g_atomic_pointer_add (&self->cached, size) + (gssize) size <=
          (gssize) self->options.cache_bytes &&
      g_atomic_pointer_compare_and_exchange (&self->cache[index], NULL, photo))
    return photo;
  g_atomic_pointer_add (&self->cached, -(gssize) size);
  *owned = photo;
  return photo;
}

/* Of its own for every place in the epoch and every photo, whichever thread it is. */
static void
start_random (const SbLoader *self, guint64 position, guint32 index, SbRandom *random)
{
  guint64 a = (position + 1) * G_GUINT64_CONSTANT (0xd1342543de82ef95);
  guint64 b = ((guint64) index + 1) * G_GUINT64_CONSTANT (0xaf251af3b0f025b5);

  sb_random_init (random, self->seed ^ a ^ b);
}

static Slot
fill_slot (SbLoader *self, guint64 position, GByteArray *bytes)
{
  guint32 index = self->order[position];
  guint8 *pixels = self->pixels + position % self->n_slots * self->n_values;
  g_autoptr (GError) error = NULL;
  g_autoptr (SbPhoto) owned = NULL;
  const SbPhoto *photo = NULL;
  SbRandom random;

  if (g_atomic_int_get (&self->broken[index]))
    return (Slot){ SLOT_BROKEN, NULL };
  photo = get_photo (self, index, bytes, &owned, &error);
  if (photo == NULL)
    return (Slot){ SLOT_BROKEN, g_strdup (error->message) };
  start_random (self, position, index, &random);
  sb_input_render (&self->options, photo, &random, pixels);
  return (Slot){ SLOT_GOOD, NULL };
}

/* Waits for positions to fill; %FALSE when there will be none any more. */
static gboolean
claim (SbLoader *self, guint64 *from, guint64 *to)
{
  while (!self->closing &&
         (self->claimed >= self->n || self->claimed >= self->taken + self->n_slots))
    g_cond_wait (&self->may_fill, &self->lock);
  if (self->closing)
    return FALSE;
  *from = self->claimed;
  *to = MIN (MIN (self->n, self->taken + self->n_slots), self->claimed + self->claim);
  self->claimed = *to;
  self->n_busy++;
  return TRUE;
}

static gpointer
work (gpointer data)
{
  SbLoader *self = data;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Slot filled[MAX_CLAIM];
  guint64 from, to;

  g_mutex_lock (&self->lock);
  while (claim (self, &from, &to))
    {
      g_mutex_unlock (&self->lock);
      for (guint64 i = from; i < to; i++)
        filled[i - from] = fill_slot (self, i, bytes);
      g_mutex_lock (&self->lock);
      for (guint64 i = from; i < to; i++)
        self->slots[i % self->n_slots] = filled[i - from];
      self->n_busy--;
      g_cond_signal (&self->may_take);
    }
  g_mutex_unlock (&self->lock);
  return NULL;
}

/**
 * sb_loader_new:
 * @dataset: a data set, which has to be there as long as the loader
 * @options: options that sb_loader_options_check() accepts
 * @batch: photos in a batch
 * @threads: how many read ahead, at least 1
 *
 * Returns: (transfer full): a loader with nothing to do yet
 */
SbLoader *
sb_loader_new (SbDataset *dataset, const SbLoaderOptions *options, int batch, guint threads)
{
  SbLoader *self = g_new0 (SbLoader, 1);
  guint n = sb_dataset_get_n (dataset);

  self->dataset = dataset;
  self->options = *options;
  self->batch = (guint64) batch;
  self->n_values = sb_input_get_n_values (options);
  self->claim = CLAMP (self->batch / (4 * MAX (threads, 1)), 1, MAX_CLAIM);
  self->n_slots = AHEAD * self->batch;
  self->slots = g_new0 (Slot, self->n_slots);
  self->pixels = g_malloc (self->n_slots * self->n_values);
  self->cache = g_new0 (SbPhoto *, n);
  self->broken = g_new0 (int, n);
  self->named = g_ptr_array_new_with_free_func (g_free);
  g_mutex_init (&self->lock);
  g_cond_init (&self->may_fill);
  g_cond_init (&self->may_take);
  self->threads = g_ptr_array_new ();
  for (guint i = 0; i < MAX (threads, 1); i++)
    g_ptr_array_add (self->threads, g_thread_new ("loader", work, self));
  return self;
}

/* What is being filled has to be finished, though nobody wants it any more. */
static void
stop (SbLoader *self)
{
  self->n = self->claimed;
  while (self->n_busy > 0)
    g_cond_wait (&self->may_take, &self->lock);
  for (guint64 i = 0; i < self->n_slots; i++)
    {
      self->slots[i].state = SLOT_EMPTY;
      g_clear_pointer (&self->slots[i].message, g_free);
    }
}

void
sb_loader_free (SbLoader *self)
{
  g_mutex_lock (&self->lock);
  stop (self);
  self->closing = TRUE;
  g_cond_broadcast (&self->may_fill);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (self->threads->pdata[i]);
  for (guint i = 0; i < sb_dataset_get_n (self->dataset); i++)
    sb_photo_free (self->cache[i]);
  g_ptr_array_unref (self->threads);
  g_ptr_array_unref (self->named);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->may_fill);
  g_cond_clear (&self->may_take);
  g_free (self->slots);
  g_free (self->pixels);
  g_free (self->order);
  g_free (self->cache);
  g_free (self->broken);
  g_free (self);
}

/**
 * sb_loader_begin:
 * @self: a loader
 * @order: (array length=n): numbers of photos; one may come several times
 * @n: how many
 * @seed: of what augmentation chooses; another one for each epoch
 *
 * Starts to read an epoch; what is left of the one before is dropped. @order is copied.
 */
void
sb_loader_begin (SbLoader *self, const guint32 *order, guint64 n, guint64 seed)
{
  g_mutex_lock (&self->lock);
  stop (self);
  g_free (self->order);
  self->order = g_memdup2 (order, n * sizeof *order);
  self->n = n;
  self->seed = seed;
  self->claimed = self->taken = self->n_good = 0;
  g_cond_broadcast (&self->may_fill);
  g_mutex_unlock (&self->lock);
}

/* Each broken photo counts once, however many epochs it is in. */
static void
note_broken (SbLoader *self, guint32 index, const char *message)
{
  g_autofree char *name = NULL;

  if (self->broken[index])
    return;
  g_atomic_int_set (&self->broken[index], TRUE);
  self->n_broken++;
  if (self->named->len >= MAX_NAMED)
    return;
  name = sb_dataset_dup_name (self->dataset, index);
  g_ptr_array_add (self->named, g_strdup_printf ("%s (%s)", name, message));
}

/* How many of the slots that come next are filled; waits for the first. Called with the lock. */
static guint64
wait_for_slots (SbLoader *self, guint64 most)
{
  gint64 start = 0;
  guint64 n = 0;

  most = MIN (most, self->n - self->taken);
  if (most > 0 && self->slots[self->taken % self->n_slots].state == SLOT_EMPTY)
    start = g_get_monotonic_time ();
  while (most > 0 && self->slots[self->taken % self->n_slots].state == SLOT_EMPTY)
    g_cond_wait (&self->may_take, &self->lock);
  if (start != 0)
    self->waited += g_get_monotonic_time () - start;
  while (n < most && self->slots[(self->taken + n) % self->n_slots].state != SLOT_EMPTY)
    n++;
  return n;
}

static void
take_slot (SbLoader *self, guint64 position, int at, float *input, int *labels, float *targets)
{
  guint32 index = self->order[position];
  guint n_classes = self->options.n_classes;

  sb_input_normalize (&self->options,
                      self->pixels + position % self->n_slots * self->n_values,
                      input + (gsize) at * self->n_values);
  if (labels != NULL)
    labels[at] = sb_dataset_get_label (self->dataset, index);
  if (targets != NULL)
    sb_dataset_fill_targets (self->dataset, index, n_classes, targets + (gsize) at * n_classes);
}

static void
pad (SbLoader *self, int n, float *input, int *labels, float *targets)
{
  gsize rest = (gsize) self->batch - (gsize) n;
  gsize n_classes = self->options.n_classes;

  memset (input + (gsize) n * self->n_values, 0, rest * self->n_values * sizeof (float));
  for (gsize i = (gsize) n; labels != NULL && i < self->batch; i++)
    labels[i] = -1;
  if (targets != NULL)
    memset (targets + (gsize) n * n_classes, 0, rest * n_classes * sizeof (float));
}

static int
fail_all (SbLoader *self, GError **error)
{
  g_autofree char *names = sb_loader_dup_broken (self);

  g_set_error (error,
               SB_NET_ERROR,
               SB_NET_ERROR_INVALID,
               "None of the %" G_GUINT64_FORMAT " photos can be read: %s",
               self->n,
               names);
  return -1;
}

/**
 * sb_loader_next:
 * @self: a loader
 * @input: (out): batch × channels × height × width numbers
 * @labels: (out) (nullable): batch numbers, as of sb_dataset_get_label(); -1 beyond the end
 * @targets: (out) (nullable): batch × SbLoaderOptions.n_classes numbers, as of
 *   sb_dataset_fill_targets(); 0 beyond the end
 * @error: %SB_NET_ERROR_INVALID when not one photo of the epoch can be read; some are named
 *
 * Waits for the next photos of the epoch, in its order. Broken ones are left out, and those behind
 * them take their place: all batches but the last are full, and there may be fewer of them than
 * the order promises.
 *
 * Returns: how many photos there are in the batch; 0 after the last, -1 on error
 */
int
sb_loader_next (SbLoader *self, float *input, int *labels, float *targets, GError **error)
{
  int at = 0;

  g_mutex_lock (&self->lock);
  while (at < (int) self->batch && self->taken < self->n)
    {
      guint64 from = self->taken, n = wait_for_slots (self, self->batch - (guint64) at);

      g_mutex_unlock (&self->lock);
      for (guint64 i = from; i < from + n; i++)
        {
          Slot *slot = &self->slots[i % self->n_slots];

          if (slot->state == SLOT_GOOD)
            take_slot (self, i, at++, input, labels, targets);
          else
            note_broken (self, self->order[i], slot->message);
          g_clear_pointer (&slot->message, g_free);
          slot->state = SLOT_EMPTY;
        }
      g_mutex_lock (&self->lock);
      self->taken += n;
      g_cond_broadcast (&self->may_fill);
    }
  g_mutex_unlock (&self->lock);
  pad (self, at, input, labels, targets);
  self->n_good += (guint64) at;
  return at == 0 && self->n > 0 && self->n_good == 0 ? fail_all (self, error) : at;
}

/**
 * sb_loader_get_waited:
 * @self: a loader
 *
 * Returns: how long sb_loader_next() had to wait for photos, in seconds, since the loader was made
 */
double
sb_loader_get_waited (const SbLoader *self)
{
  return (double) self->waited / G_USEC_PER_SEC;
}

/**
 * sb_loader_get_n_broken:
 * @self: a loader
 *
 * Returns: how many photos could not be read so far; each counts once
 */
guint
sb_loader_get_n_broken (const SbLoader *self)
{
  return self->n_broken;
}

/**
 * sb_loader_dup_broken:
 * @self: a loader
 *
 * Returns: (transfer full): the first few of the broken photos and what is wrong with them
 */
char *
sb_loader_dup_broken (const SbLoader *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < self->named->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", (char *) self->named->pdata[i]);
  if (self->n_broken > self->named->len)
    g_string_append_printf (text, "; and %u more", self->n_broken - self->named->len);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
