/* sb-digits-data.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-digits-data.h"

#include <glib/gi18n.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

/**
 * sb_digits_load_pair:
 * @images: path of an IDX file of images, gzip or not
 * @labels: path of that of their labels
 * @out_images: (out): 28 × 28 bytes for each
 * @out_labels: (out): 0 to 9
 * @error: %SB_ERROR_INVALID, or why one cannot be read
 *
 * Returns: whether both are there and belong together
 */
gboolean
sb_digits_load_pair (const char *images,
                     const char *labels,
                     SbIdx **out_images,
                     SbIdx **out_labels,
                     GError **error)
{
  g_autoptr (SbIdx) pixels = sb_idx_load (images, error);
  g_autoptr (SbIdx) marks = pixels != NULL ? sb_idx_load (labels, error) : NULL;

  if (marks == NULL)
    return FALSE;
  if (pixels->n_dims != 3 || pixels->dims[1] != SB_DIGIT_SIDE || pixels->dims[2] != SB_DIGIT_SIDE ||
      marks->n_dims != 1 || marks->dims[0] != pixels->dims[0] || marks->dims[0] == 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("“%s” and “%s” are not digits of 28 by 28 pixels with a label each"),
                   images,
                   labels);
      return FALSE;
    }
  for (guint i = 0; i < marks->dims[0]; i++)
    if (marks->bytes->data[i] >= SB_DIGIT_CLASSES)
      {
        g_set_error (error,
                     SB_ERROR,
                     SB_ERROR_INVALID,
                     _ ("Label %u in “%s” is %u; it has to be a digit"),
                     i,
                     labels,
                     marks->bytes->data[i]);
        return FALSE;
      }
  *out_images = g_steal_pointer (&pixels);
  *out_labels = g_steal_pointer (&marks);
  return TRUE;
}

/**
 * sb_digits_load_part:
 * @work: a step behind the one that chose the digits
 * @part: `train` or `validation`
 * @images: (out): the images
 * @labels: (out): their labels
 * @error: as in sb_digits_load_pair()
 *
 * Returns: whether they were loaded
 */
gboolean
sb_digits_load_part (SbWork *work, const char *part, SbIdx **images, SbIdx **labels, GError **error)
{
  JsonObject *chosen = sb_work_result (work, "choose-data");
  JsonArray *paths = chosen != NULL ? sb_json_get_array (chosen, part) : NULL;

  /* With a model from elsewhere one may come here without digits. */
  if (paths == NULL)
    {
      g_set_error_literal (error, SB_ERROR, SB_ERROR_INVALID, _ ("Choose digits first"));
      return FALSE;
    }
  return sb_digits_load_pair (json_array_get_string_element (paths, 0),
                              json_array_get_string_element (paths, 1),
                              images,
                              labels,
                              error);
}

/**
 * sb_digits_get_mark:
 * @work: a step behind the one that chose the digits
 *
 * Returns: (transfer none): what is put behind a title, so that nobody takes the sample for real
 */
const char *
sb_digits_get_mark (SbWork *work)
{
  JsonObject *chosen = sb_work_result (work, "choose-data");

  return chosen != NULL && sb_json_get_bool (chosen, "synthetic", FALSE) ? _ (" (synthetic data)")
                                                                         : "";
}

/**
 * sb_digits_list_names:
 *
 * Returns: (transfer full): "0" to "9"
 */
JsonArray *
sb_digits_list_names (void)
{
  JsonArray *all = json_array_new ();

  for (guint i = 0; i < SB_DIGIT_CLASSES; i++)
    {
      char name[] = { (char) ('0' + i), '\0' };

      json_array_add_string_element (all, name);
    }
  return all;
}

/**
 * sb_digits_add_fact:
 * @facts: a step's facts
 * @name: what it is
 * @value: how many
 */
void
sb_digits_add_fact (JsonArray *facts, const char *name, guint value)
{
  g_autofree char *text = g_strdup_printf ("%u", value);

  json_array_add_object_element (facts,
                                 sb_json_object_new ("name", "s", name, "value", "s", text, NULL));
}

/**
 * sb_digits_keep:
 * @work: a step
 * @name: of a file in the run's folder
 * @images: all images
 * @labels: their labels
 * @chosen: (element-type guint): which of them
 * @error: a %G_FILE_ERROR
 *
 * Keeps some digits for the window to show: as a file of images, and what they are.
 *
 * Returns: (transfer full) (nullable): {"path", "labels"}
 */
JsonObject *
sb_digits_keep (SbWork *work,
                const char *name,
                const SbIdx *images,
                const SbIdx *labels,
                const GArray *chosen,
                GError **error)
{
  g_autofree char *path = sb_work_path (work, name);
  g_autoptr (GByteArray) pixels = g_byte_array_new ();
  g_autoptr (JsonArray) marks = json_array_new ();

  for (guint i = 0; i < chosen->len; i++)
    {
      guint index = g_array_index (chosen, guint, i);

      g_byte_array_append (pixels,
                           images->bytes->data + (gsize) index * SB_DIGIT_SIZE,
                           SB_DIGIT_SIZE);
      json_array_add_int_element (marks, labels->bytes->data[index]);
    }
  if (!sb_idx_save (path, pixels->data, chosen->len, SB_DIGIT_SIDE, error))
    return NULL;
  return sb_json_object_new ("path", "s", path, "labels", "a", g_steal_pointer (&marks), NULL);
}
