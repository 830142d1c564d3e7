/* sb-work-photos-explore.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Photos: look at all of them once.
 */

#include "config.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gi18n.h>
#include <math.h>

#include "cloud/sb-parallel.h"
#include "formats/sb-photo.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-photos-data.h"

/* More threads do not read from a disk any faster. */
#define MAX_THREADS 8
/* A photo's size is known after so many bytes. */
#define HEAD (64 * 1024)
/* At this size, in pixels, a photo is decoded to see whether it is whole. */
#define SMALL 32
/* Examples of each class, and in all. */
#define EXAMPLES     6
#define MAX_EXAMPLES 60
/* With more classes a bar for each could not be read. */
#define MAX_BARS  40
#define N_BINS    20
#define MAX_NAMED 20

typedef struct
{
  SbWork *work;
  SbPhotoSet *set;
  SbPhotosProgress progress;
  guint32 *sides; /* the shorter one of each photo, in pixels; 0 when it is broken */
  GMutex lock;
  GPtrArray *broken; /* (element-type utf8): guarded by lock, as is the next */
  guint n_broken;
} Survey;

static void
size_prepared_cb (GdkPixbufLoader *loader, int width, int height, gpointer user_data)
{
  guint32 *side = user_data;

  *side = (guint32) MAX (MIN (width, height), 0);
  /* That is all that is wanted of it. */
  gdk_pixbuf_loader_set_size (loader, 0, 0);
}

static guint32
find_side (const GByteArray *bytes)
{
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  guint32 side = 0;

  g_signal_connect (loader, "size-prepared", G_CALLBACK (size_prepared_cb), &side);
  gdk_pixbuf_loader_write (loader, bytes->data, MIN (bytes->len, HEAD), NULL);
  gdk_pixbuf_loader_close (loader, NULL);
  return side;
}

static void
note_broken (Survey *self, const SbPhotoItem *item, const GError *error)
{
  g_mutex_lock (&self->lock);
  if (self->n_broken++ < MAX_NAMED)
    g_ptr_array_add (self->broken, g_strdup_printf ("%s: %s", item->path, error->message));
  g_mutex_unlock (&self->lock);
}

static gboolean
look_at (guint index, gpointer data, GCancellable *cancellable, GError **error)
{
  Survey *self = data;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (SbPhoto) photo = NULL;
  g_autoptr (GError) local = NULL;

  if (sb_photo_set_read (self->set, index, bytes, &local))
    photo = sb_photo_decode (bytes->data, bytes->len, SMALL, &local);
  if (photo == NULL)
    note_broken (self, sb_photo_set_get (self->set, index), local);
  else
    {
      self->sides[index] = find_side (bytes);
      if (self->sides[index] == 0)
        self->sides[index] = (guint32) MIN (photo->width, photo->height);
    }
  sb_photos_progress_step (&self->progress, self->set->items->len, _ ("Looking"));
  return TRUE;
}

static JsonArray *
list_names (const SbPhotoSet *set)
{
  JsonArray *names = json_array_new ();

  for (guint i = 0; i < set->classes->len; i++)
    json_array_add_string_element (names, sb_photo_set_get_class (set, i));
  return names;
}

static JsonObject *
make_chart (Survey *self, const char *id, const char *kind, const char *title, const char *summary)
{
  g_autofree char *marked = g_strconcat (title, sb_photos_get_mark (self->work), NULL);

  return sb_json_object_new (
      "id", "s", id, "kind", "s", kind, "title", "s", marked, "summary", "s", summary, NULL);
}

static void
add_axes (JsonObject *chart, const char *x, const char *y)
{
  json_object_set_object_member (chart, "x", sb_json_object_new ("title", "s", x, NULL));
  json_object_set_object_member (
      chart, "y", sb_json_object_new ("title", "s", y, "format", "s", "integer", NULL));
}

static void
add_series (JsonObject *chart, const char *name, JsonArray *values)
{
  JsonArray *series = json_array_new ();

  json_array_add_object_element (
      series, sb_json_object_new ("name", "s", name, "values", "a", values, NULL));
  json_object_set_array_member (chart, "series", series);
}

/* Bins of the same width, from the least number to the greatest. */
static void
add_histogram (JsonObject *chart, const char *name, const guint32 *numbers, guint n)
{
  guint bins[N_BINS] = { 0 };
  JsonArray *edges = json_array_new (), *values = json_array_new ();
  guint32 least = G_MAXUINT32, most = 0;
  double width;

  for (guint i = 0; i < n; i++)
    if (numbers[i] > 0)
      {
        least = MIN (least, numbers[i]);
        most = MAX (most, numbers[i]);
      }
  width = MAX (ceil ((most - least + 1.0) / N_BINS), 1);
  for (guint i = 0; i < n; i++)
    if (numbers[i] > 0)
      bins[MIN ((guint) ((numbers[i] - least) / width), N_BINS - 1)]++;
  for (guint i = 0; i <= N_BINS; i++)
    json_array_add_double_element (edges, least + i * width);
  for (guint i = 0; i < N_BINS; i++)
    json_array_add_int_element (values, bins[i]);
  json_object_set_array_member (chart, "edges", edges);
  add_series (chart, name, values);
}

static JsonObject *
chart_balance (Survey *self)
{
  guint n = self->set->classes->len, rarest = 0, commonest = 0;
  g_autofree guint *counts = sb_photo_set_count_classes (self->set, SB_PHOTO_N_PARTS);
  g_autofree char *summary = NULL;
  JsonArray *values;
  JsonObject *chart;

  for (guint i = 0; i < n; i++)
    {
      rarest = counts[i] < counts[rarest] ? i : rarest;
      commonest = counts[i] > counts[commonest] ? i : commonest;
    }
  summary = g_strdup_printf (_ ("The rarest class, %s, has %u photos; the most frequent, %s, %u"),
                             sb_photo_set_get_class (self->set, rarest),
                             counts[rarest],
                             sb_photo_set_get_class (self->set, commonest),
                             counts[commonest]);
  chart = make_chart (
      self, "balance", n > MAX_BARS ? "histogram" : "bar", _ ("Class balance"), summary);
  if (n > MAX_BARS)
    {
      add_axes (chart, _ ("Photos of a class"), _ ("Classes"));
      add_histogram (chart, _ ("Classes"), counts, n);
      return chart;
    }
  values = json_array_new ();
  for (guint i = 0; i < n; i++)
    json_array_add_int_element (values, counts[i]);
  add_axes (chart, _ ("Class"), _ ("Photos"));
  json_object_set_array_member (chart, "categories", list_names (self->set));
  json_object_set_boolean_member (chart, "horizontal", n > 8);
  add_series (chart, _ ("Photos"), values);
  return chart;
}

static JsonObject *
chart_sizes (Survey *self)
{
  guint32 least = G_MAXUINT32, most = 0;
  g_autofree char *summary = NULL;
  JsonObject *chart;

  for (guint i = 0; i < self->set->items->len; i++)
    if (self->sides[i] > 0)
      {
        least = MIN (least, self->sides[i]);
        most = MAX (most, self->sides[i]);
      }
  summary = g_strdup_printf (_ ("The shorter sides have from %u to %u pixels"), least, most);
  chart = make_chart (self, "sizes", "histogram", _ ("Sizes"), summary);
  add_axes (chart, _ ("Shorter side in pixels"), _ ("Photos"));
  add_histogram (chart, _ ("Photos"), self->sides, self->set->items->len);
  return chart;
}

/* Spread over each class, as neighbours are often alike. */
static JsonObject *
keep_examples (Survey *self, GError **error)
{
  guint n_classes = self->set->classes->len;
  guint each = CLAMP (MAX_EXAMPLES / n_classes, 1, EXAMPLES);
  g_autofree guint *counts = sb_photo_set_count_classes (self->set, SB_PHOTO_N_PARTS);
  g_autofree guint *seen = g_new0 (guint, n_classes);
  g_autofree guint *taken = g_new0 (guint, n_classes);
  g_autoptr (GArray) chosen = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->set->items->len && chosen->len < MAX_EXAMPLES; i++)
    {
      guint label = sb_photo_set_get (self->set, i)->label;
      guint at = seen[label]++;

      if (self->sides[i] == 0 || taken[label] == each ||
          at < (guint64) taken[label] * counts[label] / each)
        continue;
      taken[label]++;
      g_array_append_val (chosen, i);
    }
  return sb_photos_keep (self->work, self->set, chosen, "examples", error);
}

static JsonObject *
describe_broken (Survey *self)
{
  JsonArray *names = json_array_new ();

  for (guint i = 0; i < self->broken->len; i++)
    json_array_add_string_element (names, g_ptr_array_index (self->broken, i));
  return sb_json_object_new ("count", "i", (gint64) self->n_broken, "names", "a", names, NULL);
}

static JsonObject *
make_result (Survey *self, GError **error)
{
  guint n = self->set->items->len;
  JsonObject *examples = keep_examples (self, error), *result;
  JsonArray *charts, *facts;
  g_autofree char *summary = NULL;

  if (examples == NULL)
    return NULL;
  if (self->n_broken > 0)
    summary = g_strdup_printf (ngettext ("%u of %u files is no photo and will be skipped%s",
                                         "%u of %u files are no photos and will be skipped%s",
                                         self->n_broken),
                               self->n_broken,
                               n,
                               sb_photos_get_mark (self->work));
  else
    summary = g_strdup_printf (ngettext ("%u photo, and it can be read%s",
                                         "%u photos, and all can be read%s",
                                         n),
                               n,
                               sb_photos_get_mark (self->work));
  charts = json_array_new ();
  json_array_add_object_element (charts, chart_balance (self));
  json_array_add_object_element (charts, chart_sizes (self));
  facts = json_array_new ();
  sb_work_add_fact (facts, _ ("Photos"), "%u", n - self->n_broken);
  if (self->n_broken > 0)
    sb_work_add_fact (facts, _ ("Broken"), "%u", self->n_broken);
  for (guint i = 0; i < self->broken->len; i++)
    sb_work_add_fact (facts, "", "%s", (const char *) g_ptr_array_index (self->broken, i));
  result = sb_json_object_new ("summary", "s", summary, "photos", "o", examples, NULL);
  json_object_set_object_member (result, "broken", describe_broken (self));
  json_object_set_array_member (result, "facts", facts);
  json_object_set_array_member (result, "charts", charts);
  return result;
}

static JsonObject *
survey (Survey *self, GError **error)
{
  guint n = self->set->items->len;

  if (!sb_parallel_run (n,
                        MIN (g_get_num_processors (), MAX_THREADS),
                        look_at,
                        self,
                        self->work->cancellable,
                        error))
    return NULL;
  if (self->n_broken < n)
    return make_result (self, error);
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               _ ("None of the files is a photo that can be read; the first is %s"),
               (const char *) g_ptr_array_index (self->broken, 0));
  return NULL;
}

JsonObject *
sb_work_explore_photos (SbWork *work, GError **error)
{
  g_autoptr (SbPhotoSet) set = sb_photos_open (work, error);
  Survey self = { .work = work, .set = set };
  JsonObject *result;

  if (set == NULL)
    return NULL;
  self.sides = g_new0 (guint32, set->items->len);
  self.broken = g_ptr_array_new_with_free_func (g_free);
  g_mutex_init (&self.lock);
  sb_photos_progress_init (&self.progress, work);
  result = survey (&self, error);
  sb_photos_progress_clear (&self.progress);
  g_mutex_clear (&self.lock);
  g_ptr_array_unref (self.broken);
  g_free (self.sides);
  return result;
}
