/* sb-work.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-work.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-account.h"
#include "workshop/sb-survey.h"

/* IAM tells the Regions of a new role in its own time, in seconds; SageMaker refuses it till then.
 */
#define ROLE_PATIENCE 60
#define FIRST_PAUSE   0.5
#define LONGEST_PAUSE 8.0

static const struct
{
  const char *kind;
  const char *data; /* only for modules with this data; NULL for all others */
  SbWorkFunc func;
} kinds[] = {
  { "bucket", NULL, sb_work_bucket },
  { "role", NULL, sb_work_role },
  { "notebook", NULL, sb_work_notebook },
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

/* Where Sagebrush keeps its own files: the runs are in a folder there. */
static char *
dup_data_dir (SbWork *work)
{
  g_autofree char *runs = g_path_get_dirname (work->folder);

  return g_path_get_dirname (runs);
}

/**
 * sb_work_lookup_account:
 * @work: a piece of work
 * @what: see sb_account_lookup()
 *
 * Returns: (transfer full) (nullable): what was settled for the account in which it works
 */
char *
sb_work_lookup_account (SbWork *work, const char *what)
{
  g_autofree char *data_dir = dup_data_dir (work);

  return sb_account_lookup (data_dir, sb_client_get_connection (work->client), what);
}

/**
 * sb_work_settle_account:
 * @work: a piece of work
 * @what: see sb_account_settle()
 * @value: what every module is to work with from now on
 * @error: %SB_ERROR_STORAGE
 *
 * Returns: whether it is written down
 */
gboolean
sb_work_settle_account (SbWork *work, const char *what, const char *value, GError **error)
{
  g_autofree char *data_dir = dup_data_dir (work);

  return sb_account_settle (data_dir, sb_client_get_connection (work->client), what, value, error);
}

/* "Could not assume role arn:…. Please ensure that the role exists and allows principal
 * 'sagemaker.amazonaws.com' to assume the role." */
static gboolean
is_unknown_role (const GError *error)
{
  g_autofree char *text = g_ascii_strdown (error->message, -1);

  return error->domain == SB_ERROR && strstr (text, "assume") != NULL &&
         strstr (text, "role") != NULL && !g_error_matches (error, SB_ERROR, SB_ERROR_DENIED);
}

static gboolean
pause_for (SbWork *work, double seconds)
{
  GPollFD fd;
  gboolean pollable = g_cancellable_make_pollfd (work->cancellable, &fd);

  g_poll (pollable ? &fd : NULL, pollable ? 1 : 0, (int) (seconds * 1000));
  if (pollable)
    g_cancellable_release_fd (work->cancellable);
  return !g_cancellable_is_cancelled (work->cancellable);
}

/**
 * sb_work_create:
 * @work: a piece of work
 * @operation: one of SageMaker's that creates something that works under a role
 * @input: its input
 * @error: an error of sb_client_call()
 *
 * Has patience with a role that SageMaker does not know yet.
 *
 * Returns: (transfer full) (nullable): the answer
 */
JsonObject *
sb_work_create (SbWork *work, const char *operation, JsonObject *input, GError **error)
{
  double waited = 0, pause = FIRST_PAUSE;

  for (;;)
    {
      g_autoptr (GError) local = NULL;
      JsonObject *answer =
          sb_client_call (work->client, "sagemaker", operation, input, work->cancellable, &local);

      if (answer != NULL)
        return answer;
      if (!is_unknown_role (local) || waited >= ROLE_PATIENCE)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      sb_work_progress (work, -1, _ ("Waiting until SageMaker knows the role"));
      if (!pause_for (work, pause))
        {
          g_cancellable_set_error_if_cancelled (work->cancellable, error);
          return NULL;
        }
      waited += pause;
      pause = MIN (2 * pause, LONGEST_PAUSE);
    }
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
