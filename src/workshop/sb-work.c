/* sb-work.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-work.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-json.h"
#include "workshop/sb-survey.h"

static const struct
{
  const char *kind;
  const char *data; /* only for modules with this data; NULL for all others */
  SbWorkFunc func;
} kinds[] = {
  { "bucket", NULL, sb_work_bucket },
  { "role", NULL, sb_work_role },
  { "choose-data", "digits", sb_work_choose_digits },
  { "explore", "digits", sb_work_explore_digits },
  { "predict", "digits", sb_work_predict_digits },
  { "evaluate", "digits", sb_work_evaluate_digits },
  { "choose-data", "photos", sb_work_choose_photos },
  { "explore", "photos", sb_work_explore_photos },
  { "prepare", "photos", sb_work_prepare_photos },
  { "upload", "photos", sb_work_upload_photos },
  { "predict", "photos", sb_work_predict_photos },
  { "evaluate", "photos", sb_work_evaluate_photos },
  { "choose-data", NULL, sb_work_choose_data },
  { "explore", NULL, sb_work_explore },
  { "prepare", NULL, sb_work_prepare },
  { "upload", NULL, sb_work_upload },
  { "train", NULL, sb_work_train },
  { "deploy", NULL, sb_work_deploy },
  { "predict", NULL, sb_work_predict },
  { "evaluate", NULL, sb_work_evaluate },
  { "clean-up", NULL, sb_work_clean_up },
};

/**
 * sb_work_find:
 * @kind: a kind of step
 * @data: (nullable): what its module's data is, such as `digits`
 *
 * Returns: (nullable): what it does
 */
SbWorkFunc
sb_work_find (const char *kind, const char *data)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].kind, kind) == 0 &&
        (kinds[i].data == NULL || g_strcmp0 (kinds[i].data, data) == 0))
      return kinds[i].func;
  return NULL;
}

typedef struct
{
  SbStep *step;
  double fraction;
  char *text;
  JsonObject *result;
  GPtrArray *lines;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_object_unref (news->step);
  g_free (news->text);
  g_clear_pointer (&news->result, json_object_unref);
  g_clear_pointer (&news->lines, g_ptr_array_unref);
  g_free (news);
}

static gboolean
deliver (gpointer data)
{
  News *news = data;

  if (news->lines != NULL)
    _sb_step_append_log (news->step, news->lines);
  else if (news->result != NULL)
    _sb_step_set_result (news->step, news->result);
  else
    _sb_step_set_progress (news->step, news->fraction, news->text);
  return G_SOURCE_REMOVE;
}

static News *
news_new (SbWork *work)
{
  News *news = g_new0 (News, 1);

  news->step = g_object_ref (work->step);
  return news;
}

static void
post (News *news)
{
  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, deliver, news, news_free);
}

/**
 * sb_work_progress:
 * @work: a piece of work
 * @fraction: from 0 to 1, or -1 when it is not known
 * @text: (nullable): one line
 */
void
sb_work_progress (SbWork *work, double fraction, const char *text)
{
  News *news = news_new (work);

  news->fraction = fraction;
  news->text = g_strdup (text);
  post (news);
}

/**
 * sb_work_partial:
 * @work: a piece of work
 * @result: (transfer full): the result as far as it is known; it must not share anything with what
 *   the work keeps, as references are counted without a lock
 */
void
sb_work_partial (SbWork *work, JsonObject *result)
{
  News *news = news_new (work);

  news->result = result;
  post (news);
}

/**
 * sb_work_log:
 * @work: a piece of work
 * @lines: (transfer full) (element-type utf8): new lines of its log
 */
void
sb_work_log (SbWork *work, GPtrArray *lines)
{
  News *news = news_new (work);

  news->lines = lines;
  post (news);
}

/**
 * sb_work_path:
 * @work: a piece of work
 * @name: name of a file
 *
 * Returns: (transfer full): its path in the run's folder
 */
char *
sb_work_path (SbWork *work, const char *name)
{
  return g_build_filename (work->folder, name, NULL);
}

/**
 * sb_work_make_tags:
 * @work: a piece of work
 *
 * Returns: (transfer full): tags for everything that it creates
 */
JsonArray *
sb_work_make_tags (SbWork *work)
{
  return sb_survey_make_tags (sb_json_get_string (work->module, "id", ""), work->run);
}

/**
 * sb_work_result:
 * @work: a piece of work
 * @kind: the kind of a step before it
 *
 * Returns: (transfer none) (nullable): that step's result
 */
JsonObject *
sb_work_result (SbWork *work, const char *kind)
{
  return g_hash_table_lookup (work->results, kind);
}

/**
 * sb_work_add_fact:
 * @facts: a result's facts
 * @name: what is counted, translated
 * @format: its value
 */
void
sb_work_add_fact (JsonArray *facts, const char *name, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  json_array_add_object_element (facts,
                                 sb_json_object_new ("name", "s", name, "value", "s", text, NULL));
}

/**
 * sb_work_on_downloaded:
 * @done: bytes that are there
 * @total: of how many, or 0 when nobody knows
 * @user_data: a #SbWork
 *
 * Tells of a download; a #SbProgressFunc.
 */
void
sb_work_on_downloaded (guint64 done, guint64 total, gpointer user_data)
{
  sb_work_progress (user_data, total > 0 ? (double) done / (double) total : -1, _ ("Downloading"));
}
