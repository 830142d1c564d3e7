/* loader-tool.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   loader-tool epoch FOLDER|CHANNEL OUT [OPTION…]: reads all photos in their order, or shuffled,
 * and writes OUT.input (float), OUT.labels (int32), OUT.targets (float). A channel is one of the
 * job below $SM_PREFIX. Prints what it found as JSON.
 *   loader-tool input FILE OUT [OPTION…]: what serving makes of one photo, floats.
 *   loader-tool photo FILE SHORT_SIDE OUT: the decoded photo, bytes; prints width and height.
 *   loader-tool resize FILE WIDTH HEIGHT OUT: the same, resized.
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/vision/sb-loader.h"
#include "wire/sb-json.h"

static char *shape = NULL, *augmentation = NULL, *like_place = NULL;
static int resize = 0, batch = 16, n_threads = 2, seed = 1, n_epochs = 1, n_classes = 0;
static gint64 cache = -1;
static gboolean shuffle = FALSE;

static const GOptionEntry entries[] = {
  { "shape", 0, 0, G_OPTION_ARG_STRING, &shape, "Channels, height, width", "C,H,W" },
  { "augmentation", 0, 0, G_OPTION_ARG_STRING, &augmentation, "As the hyperparameter", "NAME" },
  { "like", 0, 0, G_OPTION_ARG_STRING, &like_place, "Data with the same classes", "FOLDER" },
  { "resize", 0, 0, G_OPTION_ARG_INT, &resize, "Short side", "N" },
  { "batch", 0, 0, G_OPTION_ARG_INT, &batch, "Photos in a batch", "N" },
  { "threads", 0, 0, G_OPTION_ARG_INT, &n_threads, "Threads", "N" },
  { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "Seed", "N" },
  { "epochs", 0, 0, G_OPTION_ARG_INT, &n_epochs, "Epochs; the last is written", "N" },
  { "classes", 0, 0, G_OPTION_ARG_INT, &n_classes, "Numbers in a target", "N" },
  { "cache", 0, 0, G_OPTION_ARG_INT64, &cache, "Memory for decoded photos", "BYTES" },
  { "shuffle", 0, 0, G_OPTION_ARG_NONE, &shuffle, "Another order in each epoch", NULL },
  { NULL },
};

static void
die (const GError *error)
{
  /* g_printerr() would replace what the locale does not have. */
  fprintf (stderr, "%s\n", error->message);
  exit (1);
}

static void
read_options (SbLoaderOptions *options)
{
  GError *error = NULL;
  int sides[3] = { 3, 32, 32 };

  if (shape != NULL)
    g_assert_cmpint (sscanf (shape, "%d,%d,%d", &sides[0], &sides[1], &sides[2]), ==, 3);
  sb_loader_options_init (options, sides[0], sides[1], sides[2]);
  options->resize = resize;
  options->n_classes = (guint) n_classes;
  if (augmentation != NULL)
    g_assert_true (sb_augmentation_from_name (augmentation, &options->augmentation));
  if (cache >= 0)
    options->cache_bytes = (gsize) cache;
  if (!sb_loader_options_check (options, &error))
    die (error);
}

static FILE *
open_out (const char *out, const char *ending)
{
  g_autofree char *path = g_strconcat (out, ending, NULL);
  FILE *file = fopen (path, "wb");

  g_assert_nonnull (file);
  return file;
}

static void
put (FILE *file, const void *data, gsize size)
{
  g_assert_cmpuint (fwrite (data, 1, size, file), ==, size);
}

static guint
run_epoch (SbLoader *loader, const SbLoaderOptions *options, const char *out)
{
  gsize n_values = sb_input_get_n_values (options);
  g_autofree float *input = g_new (float, (gsize) batch *n_values);
  g_autofree float *targets = g_new (float, (gsize) batch *(options->n_classes + 1));
  g_autofree int *labels = g_new (int, batch);
  FILE *files[] = { NULL, NULL, NULL };
  GError *error = NULL;
  guint total = 0;
  int n;

  if (out != NULL)
    {
      files[0] = open_out (out, ".input");
      files[1] = open_out (out, ".labels");
      files[2] = open_out (out, ".targets");
    }
  while ((n = sb_loader_next (
              loader, input, labels, options->n_classes > 0 ? targets : NULL, &error)) > 0)
    {
      total += (guint) n;
      if (out == NULL)
        continue;
      put (files[0], input, (gsize) n * n_values * sizeof (float));
      put (files[1], labels, (gsize) n * sizeof (int));
      put (files[2], targets, (gsize) n * options->n_classes * sizeof (float));
      for (int i = n; i < batch; i++)
        g_assert_cmpint (labels[i], ==, -1);
    }
  for (guint i = 0; i < G_N_ELEMENTS (files) && out != NULL; i++)
    g_assert_cmpint (fclose (files[i]), ==, 0);
  if (n < 0)
    die (error);
  return total;
}

static void
mix (guint32 *order, guint n, SbRandom *random)
{
  for (guint i = n; shuffle && i > 1; i--)
    {
      guint k = (guint) (sb_random_double (random) * i);
      guint32 other = order[k];

      order[k] = order[i - 1];
      order[i - 1] = other;
    }
}

static void
print_summary (SbDataset *dataset, SbLoader *loader, guint n_read, double seconds)
{
  const char *const *names = sb_dataset_get_class_names (dataset);
  JsonArray *classes = json_array_new (), *counts = json_array_new ();
  g_autofree char *broken = sb_loader_dup_broken (loader);
  g_autoptr (JsonObject) json = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; i < sb_dataset_get_n_classes (dataset); i++)
    {
      if (names != NULL)
        json_array_add_string_element (classes, names[i]);
      json_array_add_int_element (counts, sb_dataset_get_counts (dataset)[i]);
    }
  json = json_object_new ();
  json_object_set_int_member (json, "n", sb_dataset_get_n (dataset));
  json_object_set_int_member (json, "n_read", n_read);
  json_object_set_int_member (json, "n_broken", sb_loader_get_n_broken (loader));
  json_object_set_string_member (json, "broken", broken);
  json_object_set_array_member (json, "classes", classes);
  json_object_set_array_member (json, "counts", counts);
  json_object_set_double_member (json, "waited", sb_loader_get_waited (loader));
  json_object_set_double_member (json, "seconds", seconds);
  text = sb_json_to_string (json);
  puts (text);
}

static int
take_epochs (const char *place, const char *out)
{
  GError *error = NULL;
  g_autoptr (SbDataset) like =
      like_place != NULL ? sb_dataset_open_folder (like_place, NULL, &error) : NULL;
  g_autoptr (SbDataset) dataset = g_file_test (place, G_FILE_TEST_IS_DIR)
                                      ? sb_dataset_open_folder (place, like, &error)
                                      : sb_dataset_open (place, like, &error);
  g_autoptr (SbLoader) loader = NULL;
  g_autofree guint32 *order = NULL;
  SbLoaderOptions options;
  SbRandom random;
  guint n, n_read = 0;
  gint64 start;

  if (dataset == NULL)
    die (error);
  read_options (&options);
  n = sb_dataset_get_n (dataset);
  order = g_new (guint32, n);
  for (guint i = 0; i < n; i++)
    order[i] = i;
  sb_random_init (&random, (guint64) seed);
  loader = sb_loader_new (dataset, &options, batch, (guint) n_threads);
  start = g_get_monotonic_time ();
  for (int i = 1; i <= n_epochs; i++)
    {
      mix (order, n, &random);
      start = g_get_monotonic_time ();
      sb_loader_begin (loader, order, n, (guint64) (seed + i));
      n_read = run_epoch (loader, &options, i == n_epochs ? out : NULL);
    }
  print_summary (dataset,
                 loader,
                 n_read,
                 (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC);
  return 0;
}

static int
take_input (const char *path, const char *out)
{
  GError *error = NULL;
  SbLoaderOptions options;
  g_autoptr (SbPhoto) photo = NULL;
  g_autofree char *data = NULL;
  g_autofree float *input = NULL;
  gsize length;

  read_options (&options);
  input = g_new (float, sb_input_get_n_values (&options));
  if (g_file_get_contents (path, &data, &length, &error))
    photo = sb_input_decode (&options, data, length, &error);
  if (photo == NULL)
    die (error);
  sb_photo_to_input (photo, &options, input);
  length = sb_input_get_n_values (&options) * sizeof (float);
  if (!g_file_set_contents (out, (const char *) input, (gssize) length, &error))
    die (error);
  return 0;
}

static int
take_photo (const char *path, int short_side, int width, int height, const char *out)
{
  GError *error = NULL;
  g_autoptr (SbPhoto) photo = sb_photo_load (path, short_side, &error);
  gssize length;

  if (photo == NULL)
    die (error);
  if (width > 0)
    {
      SbPhoto *resized = sb_photo_resize (photo, width, height);

      sb_photo_free (photo);
      photo = resized;
    }
  length = (gssize) photo->width * photo->height * 3;
  if (!g_file_set_contents (out, (const char *) photo->pixels, length, &error))
    die (error);
  printf ("%d %d\n", photo->width, photo->height);
  return 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    die (error);
  if (argc == 4 && strcmp (argv[1], "epoch") == 0)
    return take_epochs (argv[2], argv[3]);
  if (argc == 4 && strcmp (argv[1], "input") == 0)
    return take_input (argv[2], argv[3]);
  if (argc == 5 && strcmp (argv[1], "photo") == 0)
    return take_photo (argv[2], atoi (argv[3]), 0, 0, argv[4]);
  if (argc == 6 && strcmp (argv[1], "resize") == 0)
    return take_photo (argv[2], 0, atoi (argv[3]), atoi (argv[4]), argv[5]);
  return 2;
}
