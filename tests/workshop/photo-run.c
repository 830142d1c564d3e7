/* photo-run.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "photo-run.h"

#include <glib/gstdio.h>
#include <string.h>

#include "wire/sb-json.h"
#include "workshop/sb-step-private.h"

#define MODULE                                                                                     \
  "{\"id\": \"photos\", \"title\": \"Photos\", \"data\": \"photos\", \"steps\": ["                 \
  "{\"id\": \"data\", \"kind\": \"choose-data\", \"title\": \"Data\"},"                            \
  "{\"id\": \"deploy\", \"kind\": \"deploy\", \"title\": \"Deploy\"},"                             \
  "{\"id\": \"predict\", \"kind\": \"predict\", \"title\": \"Predict\"}]}"

void
photo_run_write (PhotoRun *self, const char *name, const void *data, gsize length)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, data, (gssize) length, NULL));
}

static void
set_result (PhotoRun *self, const char *step, const char *json)
{
  g_autoptr (JsonObject) result = sb_json_parse_object (json, -1, NULL);

  _sb_step_set_result (sb_run_find_step (self->run, step), result);
}

/**
 * photo_run_set_up:
 * @self: (out): a run that has come to predictions
 * @answer: the endpoint
 */
void
photo_run_set_up (PhotoRun *self, LoopbackFunc answer)
{
  g_autoptr (SbConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("sb-photo-run-XXXXXX", &error);
  g_assert_no_error (error);
  photo_run_write (self, "modules/photos.json", MODULE, strlen (MODULE));
  self->server = loopback_new (answer, NULL);
  connection = loopback_connect (self->server);
  self->workshop = sb_workshop_new (self->folder, connection);
  self->run = sb_workshop_start_over (self->workshop, "photos", &error);
  g_assert_no_error (error);
  set_result (self, "data", "{\"classes\": [\"red\", \"green\", \"blue\"]}");
  set_result (self, "deploy", "{\"endpoint\": \"photos-1\"}");
}

void
photo_run_tear_down (PhotoRun *self)
{
  const char *argv[] = { "rm", "-rf", self->folder, NULL };

  g_object_unref (self->workshop);
  g_clear_pointer (&self->server, loopback_free);
  g_assert_true (g_spawn_sync (
      NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  g_free (self->folder);
}

/**
 * photo_answer:
 * @message: the endpoint's answer
 * @photo: what was asked about
 *
 * The probabilities are the shares of red, green and blue in the middle ninth of the photo.
 */
void
photo_answer (SoupServerMessage *message, const SbPhoto *photo)
{
  double sums[3] = { 1, 1, 1 }, all;
  g_autofree char *text = NULL;

  for (int y = photo->height / 3; y < photo->height * 2 / 3; y++)
    for (int x = photo->width / 3; x < photo->width * 2 / 3; x++)
      for (int k = 0; k < 3; k++)
        sums[k] += photo->pixels[(y * photo->width + x) * 3 + k];
  all = sums[0] + sums[1] + sums[2];
  text = g_strdup_printf ("[%.6f, %.6f, %.6f]", sums[0] / all, sums[1] / all, sums[2] / all);
  reply (message, 200, "application/json", text);
}
