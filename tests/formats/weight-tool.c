/* weight-tool.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   weight-tool dump FILE OUT: writes all arrays of FILE, one after the other, as floats to OUT and
 *   prints what they are. weight-tool save FILE OUT f16|f32: writes them as safetensors.
 *   weight-tool open FILE…: says of each whether it can be read. weight-tool mutate FILE SEED N:
 * reads N damaged copies of FILE and says how many were refused.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/sb-weight-file.h"

/* No file here has more. */
#define MAX_COUNT 10000000

static void
die (GError *error)
{
  g_printerr ("%s\n", error->message);
  exit (1);
}

static float *
read_array (const SbWeightFile *file, guint index)
{
  const SbWeightArray *array = sb_weight_file_get_array (file, index);
  float *values = g_new0 (float, array->count + 1);
  GError *error = NULL;

  g_assert_cmpuint (array->count, <, MAX_COUNT);
  g_assert_true (sb_weight_file_find (file, array->name) == array);
  if (!sb_weight_file_read_floats (file, array->name, values, array->count, &error))
    die (error);
  return values;
}

static void
dump (const SbWeightFile *file, const char *path)
{
  FILE *out = fopen (path, "wb");

  g_assert_nonnull (out);
  for (guint i = 0; i < sb_weight_file_get_n_arrays (file); i++)
    {
      const SbWeightArray *array = sb_weight_file_get_array (file, i);
      g_autofree float *values = read_array (file, i);

      printf ("%s\t%u\t", array->name, array->type);
      for (guint k = 0; k < array->n_dims; k++)
        printf ("%s%" G_GINT64_FORMAT, k > 0 ? "," : "", array->dims[k]);
      printf ("\n");
      g_assert_cmpuint (fwrite (values, sizeof (float), array->count, out), ==, array->count);
    }
  g_assert_cmpint (fclose (out), ==, 0);
}

static void
save (const SbWeightFile *file, const char *path, const char *type)
{
  guint n = sb_weight_file_get_n_arrays (file);
  g_autofree SbWeightSource *sources = g_new0 (SbWeightSource, n);
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  GError *error = NULL;

  g_hash_table_insert (metadata, (char *) "format", (char *) "pt");
  for (guint i = 0; i < n; i++)
    {
      const SbWeightArray *array = sb_weight_file_get_array (file, i);

      sources[i] = (SbWeightSource){ .name = array->name, .n_dims = array->n_dims };
      memcpy (sources[i].dims, array->dims, sizeof array->dims);
      sources[i].values = read_array (file, i);
    }
  if (!sb_weight_file_save (path,
                            sources,
                            n,
                            strcmp (type, "f16") == 0 ? SB_WEIGHT_FLOAT16 : SB_WEIGHT_FLOAT32,
                            metadata,
                            &error))
    die (error);
  for (guint i = 0; i < n; i++)
    g_free ((float *) sources[i].values);
}

static gboolean
try (const char *path, GError **error)
{
  g_autoptr (SbWeightFile) file = sb_weight_file_open (path, error);

  for (guint i = 0; file != NULL && i < sb_weight_file_get_n_arrays (file); i++)
    g_free (read_array (file, i));
  return file != NULL;
}

static void
try_all (char **paths)
{
  for (; *paths != NULL; paths++)
    {
      g_autoptr (GError) error = NULL;

      printf ("%s\n", try (*paths, &error) ? "ok" : error->message);
    }
}

/* A few bytes become others, or pieces are cut out, doubled or moved. */
static void
damage (GRand *random, GByteArray *bytes)
{
  guint n = (guint) g_rand_int_range (random, 1, 5);

  for (guint i = 0; i < n && bytes->len > 8; i++)
    {
      guint at = (guint) g_rand_int_range (random, 0, (gint32) bytes->len);
      guint length = MIN ((guint) g_rand_int_range (random, 1, 64), bytes->len - at);

      switch (g_rand_int_range (random, 0, 6))
        {
        case 0:
          g_byte_array_remove_range (bytes, at, length);
          break;
        case 1:
          g_byte_array_set_size (bytes, at);
          break;
        case 2:
          memset (bytes->data + at, g_rand_boolean (random) ? 0xff : 0, MIN (length, 8));
          break;
        case 3:
          memmove (bytes->data + g_rand_int_range (random, 0, (gint32) (bytes->len - length + 1)),
                   bytes->data + at,
                   length);
          break;
        default:
          bytes->data[at] = (guint8) g_rand_int (random);
        }
    }
}

static void
mutate (const char *path, guint32 seed, guint n)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autofree char *data = NULL;
  g_autofree char *copy = g_strconcat (path, ".damaged", NULL);
  GError *error = NULL;
  gsize length;
  guint refused = 0;

  if (!g_file_get_contents (path, &data, &length, &error))
    die (error);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_autoptr (GError) local = NULL;
      FILE *out = fopen (copy, "wb");

      g_byte_array_append (bytes, (const guint8 *) data, (guint) length);
      damage (random, bytes);
      fwrite (bytes->data, 1, bytes->len, out);
      fclose (out);
      if (!try (copy, &local))
        {
          g_assert_error (local, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
          refused++;
        }
    }
  g_unlink (copy);
  printf ("%u\n", refused);
}

int
main (int argc, char *argv[])
{
  g_autoptr (SbWeightFile) file = NULL;
  GError *error = NULL;

  g_assert_cmpint (argc, >, 2);
  if (strcmp (argv[1], "open") == 0)
    try_all (argv + 2);
  else if (strcmp (argv[1], "mutate") == 0)
    mutate (argv[2], (guint32) atoi (argv[3]), (guint) atoi (argv[4]));
  else
    {
      file = sb_weight_file_open (argv[2], &error);
      if (file == NULL)
        die (error);
      if (strcmp (argv[1], "dump") == 0)
        dump (file, argv[3]);
      else
        save (file, argv[3], argv[4]);
    }
  return 0;
}
