/* sb-im2rec.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From folders that are named after classes to the lists and record files of MXNet, as its own
 * im2rec does.
 */

#include "config.h"

#include "algorithms/vision/sb-im2rec.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "algorithms/vision/sb-dataset.h"
#include "algorithms/vision/sb-net.h"
#include "formats/sb-lst.h"
#include "formats/sb-photo.h"
#include "formats/sb-recordio.h"

/* Of photos that are made smaller, as im2rec has it. */
#define QUALITY "95"
/* Broken photos that are named. */
#define MAX_NAMED 5

typedef struct
{
  const char *out;
  double split;
  int resize;
  guint64 seed;
} Options;

/* Broken photos are left out. */
typedef struct
{
  GString *names;
  guint n;
} Broken;

static void
note_broken (Broken *self, const SbDataset *dataset, guint index, const GError *error)
{
  g_autofree char *name = sb_dataset_dup_name (dataset, index);

  if (self->n++ < MAX_NAMED)
    g_string_append_printf (self->names, "  %s (%s)\n", name, error->message);
}

static void
shuffle (GArray *numbers, SbRandom *random)
{
  for (guint i = numbers->len; i > 1; i--)
    {
      guint32 *last = &g_array_index (numbers, guint32, i - 1);
      guint32 *other = &g_array_index (numbers, guint32, (guint) (sb_random_double (random) * i));
      guint32 value = *last;

      *last = *other;
      *other = value;
    }
}

/* Takes the same share of every class for validation, and leaves every class one photo at least. */
static void
split (const SbDataset *dataset, const Options *options, GArray *train, GArray *validation)
{
  SbRandom random;

  sb_random_init (&random, options->seed);
  for (guint class = 0; class < sb_dataset_get_n_classes (dataset); class ++)
    {
      g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (guint32));
      guint n;

      for (guint32 i = 0; i < sb_dataset_get_n (dataset); i++)
        if (sb_dataset_get_label (dataset, i) == (int) class)
          g_array_append_val (members, i);
      if (members->len == 0)
        continue;
      shuffle (members, &random);
      n = MIN ((guint) lrint (members->len * options->split), members->len - 1);
      g_array_append_vals (validation, members->data, n);
      g_array_append_vals (train, &g_array_index (members, guint32, n), members->len - n);
    }
  shuffle (train, &random);
  shuffle (validation, &random);
}

static gboolean
encode (const SbPhoto *photo, GByteArray *bytes, GError **error)
{
  g_autoptr (GdkPixbuf) pixbuf = sb_photo_get_pixbuf (photo);
  g_autofree char *data = NULL;
  gsize length;

  if (!gdk_pixbuf_save_to_buffer (pixbuf, &data, &length, "jpeg", error, "quality", QUALITY, NULL))
    return FALSE;
  g_byte_array_set_size (bytes, 0);
  g_byte_array_append (bytes, (const guint8 *) data, (guint) length);
  return TRUE;
}

/* The photo's file as it is, or smaller as a new JPEG. */
static gboolean
prepare (SbDataset *dataset, guint index, int resize, GByteArray *bytes, GError **error)
{
  g_autoptr (SbPhoto) photo = NULL;
  g_autoptr (SbPhoto) smaller = NULL;

  if (!sb_dataset_read (dataset, index, bytes, error))
    return FALSE;
  /* One pixel more, so that what comes smaller than wanted has not been larger. */
  photo = sb_photo_decode (bytes->data, bytes->len, resize + 1, error);
  if (photo == NULL)
    return FALSE;
  if (resize == 0 || MIN (photo->width, photo->height) <= resize)
    return TRUE;
  smaller = sb_photo_resize_short (photo, resize);
  return encode (smaller, bytes, error);
}

static gboolean
add (SbDataset *dataset,
     guint32 index,
     const GByteArray *bytes,
     GString *list,
     SbRecordWriter *writer,
     GError **error)
{
  const char *path = sb_dataset_get_path (dataset, index);
  float label = (float) sb_dataset_get_label (dataset, index);
  g_autoptr (GByteArray) record = g_byte_array_new ();

  if (path == NULL || strpbrk (path, "\t\r\n") != NULL)
    {
      g_autofree char *name = sb_dataset_dup_name (dataset, index);

      g_set_error (error,
                   SB_NET_ERROR,
                   SB_NET_ERROR_INVALID,
                   "%s: a list cannot have a name without a path, or one with a tab or a new line. "
                   "Give the file another name",
                   name);
      return FALSE;
    }
  sb_lst_append (list, index, &label, 1, path);
  sb_image_record_append (record, index, &label, 1, bytes->data, bytes->len);
  return sb_record_writer_add (writer, index, record->data, record->len, error);
}

/* OUT-PART.lst, .rec and .idx */
static gboolean
write_part (SbDataset *dataset,
            const GArray *numbers,
            const Options *options,
            const char *part,
            Broken *broken,
            GError **error)
{
  g_autofree char *list_path = g_strconcat (options->out, "-", part, ".lst", NULL);
  g_autofree char *path = g_strconcat (options->out, "-", part, ".rec", NULL);
  g_autofree char *index_path = g_strconcat (options->out, "-", part, ".idx", NULL);
  g_autoptr (SbRecordWriter) writer = sb_record_writer_new (path, index_path, error);
  g_autoptr (GString) list = g_string_new (NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (guint i = 0; writer != NULL && i < numbers->len; i++)
    {
      guint32 index = g_array_index (numbers, guint32, i);
      g_autoptr (GError) local = NULL;

      if (!prepare (dataset, index, options->resize, bytes, &local))
        note_broken (broken, dataset, index, local);
      else if (!add (dataset, index, bytes, list, writer, error))
        return FALSE;
    }
  if (writer == NULL || !g_file_set_contents (list_path, list->str, (gssize) list->len, error) ||
      !sb_record_writer_finish (writer, error))
    return FALSE;
  return TRUE;
}

static gboolean
write_names (const SbDataset *dataset, const char *out, GError **error)
{
  g_autofree char *path = g_strconcat (out, "-labels.txt", NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < sb_dataset_get_n_classes (dataset); i++)
    g_string_append_printf (text, "%s\n", sb_dataset_get_class_names (dataset)[i]);
  return g_file_set_contents (path, text->str, (gssize) text->len, error);
}

static gboolean
has_classes (const SbDataset *dataset, const char *folder, GError **error)
{
  if (sb_dataset_get_class_names (dataset) != NULL && !sb_dataset_is_multi_label (dataset))
    return TRUE;
  g_set_error (error,
               SB_NET_ERROR,
               SB_NET_ERROR_INVALID,
               "%s: these are no photos in folders that are named after their classes",
               folder);
  return FALSE;
}

static gboolean
convert (const char *folder, const Options *options, GError **error)
{
  g_autoptr (SbDataset) dataset = sb_dataset_open_folder (folder, NULL, error);
  g_autoptr (GArray) train = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) validation = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GString) names = g_string_new (NULL);
  Broken broken = { names, 0 };

  if (dataset == NULL || !has_classes (dataset, folder, error))
    return FALSE;
  split (dataset, options, train, validation);
  if (!write_names (dataset, options->out, error) ||
      !write_part (dataset, train, options, "train", &broken, error) ||
      (validation->len > 0 && !write_part (dataset, validation, options, "val", &broken, error)))
    return FALSE;
  printf ("%u photos of %u classes: %u for training, %u for validation\n",
          sb_dataset_get_n (dataset),
          sb_dataset_get_n_classes (dataset),
          train->len,
          validation->len);
  if (broken.n == 0)
    return TRUE;
  fprintf (stderr, "%u of them cannot be read and were left out:\n%s", broken.n, names->str);
  if (broken.n < sb_dataset_get_n (dataset))
    return TRUE;
  g_set_error_literal (error, SB_NET_ERROR, SB_NET_ERROR_INVALID, "not one photo can be read");
  return FALSE;
}

static gboolean
check (const Options *options, GError **error)
{
  if (options->split >= 0 && options->split < 1 && options->resize >= 0)
    return TRUE;
  g_set_error_literal (error,
                       SB_NET_ERROR,
                       SB_NET_ERROR_INVALID,
                       "--split has to be from 0 to below 1, and --resize a number of pixels");
  return FALSE;
}

/**
 * sb_im2rec:
 * @argc: of @argv
 * @argv: `im2rec`, a folder of folders that are named after classes, the beginning of the names of
 *   the files to write, and options
 *
 * Writes `OUT-train.lst`, `.rec` and `.idx`, the same for `OUT-val`, and `OUT-labels.txt` with the
 * names of the classes by label. Of each class the share `--split` is for validation.
 *
 * Returns: an exit code
 */
int
sb_im2rec (int argc, char **argv)
{
  Options options = { NULL, 0.2, 0, 0 };
  gint64 seed = 1;
  const GOptionEntry entries[] = {
    { "split",
      0,
      0,
      G_OPTION_ARG_DOUBLE,
      &options.split,
      "Share of each class for validation",
      "0.2" },
    { "resize", 0, 0, G_OPTION_ARG_INT, &options.resize, "Make larger photos smaller", "PIXELS" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Another seed is another split", "1" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("FOLDER OUT");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 3)
    {
      fprintf (stderr,
               "sagebrush-vision: %s\n",
               error != NULL ? error->message : "im2rec needs a folder and where to write");
      return 2;
    }
  options.seed = (guint64) seed;
  options.out = argv[2];
  if (check (&options, &error) && convert (argv[1], &options, &error))
    return 0;
  fprintf (stderr, "sagebrush-vision: %s\n", error->message);
  return 1;
}
