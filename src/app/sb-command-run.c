/* sb-command-run.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/sb-command.h"
#include "app/sb-report.h"
#include "cloud/sb-engine-process.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-workshop.h"

#define BAR_WIDTH 24
/* Classes of a matrix that is printed. */
#define MAX_PRINTED 24

typedef struct
{
  char *data;
  char *script;
  char *connection;
  char **settings;
  char **steps;
  char *output;
  char *data_dir;
  gboolean keep;
  gboolean json;
} Options;

typedef struct
{
  Options options;
  SbEngineProcess *engine;
  SbWorkshop *workshop;
  SbRun *run;
  GMainLoop *loop;
  GError *error;
  gboolean terminal;
  gboolean interrupted;
} Command;

static void
clear_line (Command *self)
{
  if (self->terminal)
    fputs ("\r\033[K", stderr);
}

static void
draw_progress (Command *self, SbStep *step)
{
  double fraction = sb_step_get_fraction (step);
  const char *text = sb_step_get_progress_text (step);
  char bar[BAR_WIDTH + 1];
  guint filled = fraction > 0 ? (guint) (fraction * BAR_WIDTH) : 0;

  if (!self->terminal)
    return;
  for (guint i = 0; i < BAR_WIDTH; i++)
    bar[i] = i < filled ? '#' : '.';
  bar[BAR_WIDTH] = '\0';
  clear_line (self);
  fprintf (stderr,
           "%2u  %-18s [%s] %s",
           sb_step_get_number (step),
           sb_step_get_title (step),
           bar,
           text != NULL ? text : "");
  fflush (stderr);
}

static void
on_progress (SbStep *step, GParamSpec *pspec, gpointer data)
{
  if (sb_step_get_state (step) == SB_STEP_RUNNING)
    draw_progress (data, step);
}

static void
print_note (JsonObject *result)
{
  const char *note = result != NULL ? sb_json_get_string (result, "note", NULL) : NULL;

  if (note != NULL)
    fprintf (stderr, "    %s\n", note);
}

static void
on_state (SbStep *step, GParamSpec *pspec, gpointer data)
{
  Command *self = data;
  SbStepState state = sb_step_get_state (step);

  if (state == SB_STEP_RUNNING)
    draw_progress (self, step);
  else if (state == SB_STEP_DONE && sb_step_get_started (step) > 0 &&
           g_object_get_data (G_OBJECT (step), "sb-told") == NULL)
    {
      g_object_set_data (G_OBJECT (step), "sb-told", self);
      clear_line (self);
      fprintf (stderr,
               "%2u  %-18s %s  (%.2f s)\n",
               sb_step_get_number (step),
               sb_step_get_title (step),
               sb_step_get_summary (step),
               sb_step_get_duration (step));
      print_note (sb_step_get_result (step));
    }
}

/* What a step is about to create in somebody's account is said before it is. */
static void
on_logged (SbStep *step, guint from, gpointer data)
{
  const GPtrArray *log = sb_step_get_log (step);

  clear_line (data);
  for (guint i = from; i < log->len; i++)
    fprintf (stderr, "    %s\n", (const char *) log->pdata[i]);
}

static gboolean
set_data (Command *self, GError **error)
{
  SbStep *step = sb_run_find_step_of_kind (self->run, "choose-data");
  g_autofree char *path = NULL;

  if (self->options.data == NULL)
    return TRUE;
  if (step == NULL)
    {
      g_set_error_literal (error, SB_ERROR, SB_ERROR_INVALID, _ ("This module takes no --data"));
      return FALSE;
    }
  path = g_canonicalize_filename (self->options.data, NULL);
  return sb_step_set_value (step, "source", "file", error) &&
         sb_step_set_value (step, "path", path, error);
}

static gboolean
set_script (Command *self, GError **error)
{
  SbStep *step = sb_run_find_step_of_kind (self->run, "train");
  g_autofree char *path = NULL;

  if (self->options.script == NULL)
    return TRUE;
  if (step == NULL || !sb_step_has_parameter (step, "network"))
    {
      g_set_error_literal (
          error,
          SB_ERROR,
          SB_ERROR_INVALID,
          _ ("This module trains with no script of yours; try handwritten-digits"));
      return FALSE;
    }
  path = g_canonicalize_filename (self->options.script, NULL);
  return sb_step_set_value (step, "network", "script", error) &&
         sb_step_set_value (step, "script", path, error);
}

/* "train.max_depth=4" */
static gboolean
apply_setting (Command *self, const char *setting, GError **error)
{
  const char *dot = strchr (setting, '.');
  const char *equals = strchr (setting, '=');
  g_autofree char *id = NULL;
  g_autofree char *name = NULL;
  SbStep *step;

  if (dot == NULL || equals == NULL || dot > equals)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("“%s” is no setting; write it as train.max_depth=4"),
                   setting);
      return FALSE;
    }
  id = g_strndup (setting, (gsize) (dot - setting));
  name = g_strndup (dot + 1, (gsize) (equals - dot - 1));
  step = sb_run_find_step (self->run, id);
  if (step == NULL)
    {
      g_set_error (error, SB_ERROR, SB_ERROR_INVALID, _ ("There is no step “%s”"), id);
      return FALSE;
    }
  return sb_step_set_value (step, name, equals + 1, error);
}

static gboolean
check_steps (Command *self, GError **error)
{
  char **steps = self->options.steps;

  for (guint i = 0; steps != NULL && steps[i] != NULL; i++)
    if (sb_run_find_step (self->run, steps[i]) == NULL)
      {
        g_set_error (error, SB_ERROR, SB_ERROR_INVALID, _ ("There is no step “%s”"), steps[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
set_up (Command *self, const char *name, GError **error)
{
  g_autofree char *base =
      self->options.data_dir != NULL ? g_strdup (self->options.data_dir) : sb_command_data_dir ();
  g_autoptr (SbConnection) connection = NULL;
  SbModule *module;

  connection = sb_command_connect (base, self->options.connection, &self->engine, error);
  if (connection == NULL)
    return FALSE;
  self->workshop = sb_workshop_new (base, connection);
  module = sb_module_store_find_by_name (sb_workshop_get_modules (self->workshop), name);
  if (module == NULL)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("There is no module “%s”; try video-game-sales, handwritten-digits or "
                      "image-classification"),
                   name);
      return FALSE;
    }
  self->run = sb_workshop_start_over (self->workshop, sb_module_get_id (module), error);
  if (self->run == NULL || !set_data (self, error) || !set_script (self, error))
    return FALSE;
  for (guint i = 0; self->options.settings != NULL && self->options.settings[i] != NULL; i++)
    if (!apply_setting (self, self->options.settings[i], error))
      return FALSE;
  return check_steps (self, error);
}

static void
watch_steps (Command *self)
{
  GListModel *steps = sb_run_get_steps (self->run);

  for (guint i = 0; i < g_list_model_get_n_items (steps); i++)
    {
      g_autoptr (SbStep) step = g_list_model_get_item (steps, i);

      g_signal_connect (step, "notify::state", G_CALLBACK (on_state), self);
      g_signal_connect (step, "notify::progress-text", G_CALLBACK (on_progress), self);
      if (strcmp (sb_step_get_kind (step), "role") == 0)
        g_signal_connect (step, "logged", G_CALLBACK (on_logged), self);
    }
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Command *self = data;

  sb_run_execute_finish (SB_RUN (source), result, &self->error);
  clear_line (self);
  g_main_loop_quit (self->loop);
}

static gboolean
on_interrupt (gpointer data)
{
  Command *self = data;

  self->interrupted = TRUE;
  sb_run_stop (self->run);
  return G_SOURCE_CONTINUE;
}

static JsonObject *
find_evaluation (Command *self)
{
  SbStep *step = sb_run_find_step_of_kind (self->run, "evaluate");

  return step != NULL ? sb_step_get_result (step) : NULL;
}

static void
print_matrix (JsonObject *result)
{
  gint64 tn = sb_json_get_int (result, "tn", 0);
  gint64 fp = sb_json_get_int (result, "fp", 0);
  gint64 fn = sb_json_get_int (result, "fn", 0);
  gint64 tp = sb_json_get_int (result, "tp", 0);

  printf ("\n%s\n\n", _ ("Confusion matrix"));
  printf ("%-14s %14s %14s\n", "", _ ("said: no hit"), _ ("said: hit"));
  printf ("%-14s %14" G_GINT64_FORMAT " %14" G_GINT64_FORMAT "\n", _ ("no hit"), tn, fp);
  printf ("%-14s %14" G_GINT64_FORMAT " %14" G_GINT64_FORMAT "\n\n", _ ("hit"), fn, tp);
  printf (_ ("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
             " hits found, error %.1f %%, precision %.1f %%, recall %.1f %%, AUC %.3f\n"),
          tp,
          tp + fn,
          100 * sb_json_get_double (result, "error", 0),
          100 * sb_json_get_double (result, "precision", 0),
          100 * sb_json_get_double (result, "recall", 0),
          sb_json_get_double (result, "auc", 0));
}

/* Padded by what is seen, not by bytes. */
static void
print_name (const char *name, int width)
{
  int length = (int) g_utf8_strlen (name, -1);

  printf ("%*s%s", MAX (width - length, 0), "", name);
}

static void
print_rows (JsonArray *rows, JsonArray *names)
{
  guint n = json_array_get_length (rows);
  int width = 5;

  for (guint i = 0; names != NULL && i < n; i++)
    width = MAX (width, (int) g_utf8_strlen (json_array_get_string_element (names, i), -1));
  for (guint i = 0; i <= n; i++)
    {
      JsonArray *row = i > 0 ? json_array_get_array_element (rows, i - 1) : NULL;

      for (guint k = 0; k <= n; k++)
        {
          g_autofree char *number = NULL;
          guint at = i > 0 ? i - 1 : k - 1;

          if (i > 0 && k > 0)
            number = g_strdup_printf ("%" G_GINT64_FORMAT, json_array_get_int_element (row, k - 1));
          else if (i + k == 0 || names == NULL)
            number = i + k == 0 ? g_strdup ("") : g_strdup_printf ("%u", at);
          printf (k > 0 ? " " : "");
          print_name (number != NULL ? number : json_array_get_string_element (names, at), width);
        }
      putchar ('\n');
    }
}

/* Of as many classes as there are: digits, or whatever a module tells apart. With very many the
 * lines would be of no use in a terminal. */
static void
print_classes (JsonObject *result)
{
  JsonArray *rows = sb_json_get_array (result, "matrix");

  if (rows != NULL && json_array_get_length (rows) <= MAX_PRINTED)
    {
      printf ("\n%s\n\n", _ ("Confusion matrix"));
      print_rows (rows, sb_json_get_array (result, "classes"));
    }
  printf ("\n%s\n", sb_json_get_string (result, "summary", ""));
}

static void
print_json (Command *self, JsonObject *result)
{
  static const char *const members[] = { "tn",      "fp",     "fn",    "tp",       "error",
                                         "recall",  "auc",    "top5",  "accuracy", "right",
                                         "classes", "matrix", "total", "precision" };
  g_autoptr (JsonObject) document = json_object_new ();
  g_autofree char *text = NULL;
  GListModel *steps = sb_run_get_steps (self->run);
  JsonObject *summaries = json_object_new ();

  for (guint i = 0; result != NULL && i < G_N_ELEMENTS (members); i++)
    if (json_object_has_member (result, members[i]))
      json_object_set_member (document,
                              members[i],
                              json_node_copy (json_object_get_member (result, members[i])));
  for (guint i = 0; i < g_list_model_get_n_items (steps); i++)
    {
      g_autoptr (SbStep) step = g_list_model_get_item (steps, i);

      json_object_set_object_member (summaries,
                                     sb_step_get_id (step),
                                     sb_json_object_new ("summary",
                                                         "s",
                                                         sb_step_get_summary (step),
                                                         "seconds",
                                                         "d",
                                                         sb_step_get_duration (step),
                                                         NULL));
    }
  json_object_set_object_member (document, "steps", summaries);
  text = sb_json_to_pretty_string (document);
  printf ("%s\n", text);
}

static gboolean
write_output (Command *self, GError **error)
{
  g_autofree char *report = NULL;

  if (self->options.output == NULL)
    return TRUE;
  if (!sb_report_write (self->run, self->options.output, &report, error))
    return FALSE;
  fprintf (stderr, _ ("Report: %s\n"), report);
  return TRUE;
}

/* All, or those that are named with what they need. */
static void
execute_steps (Command *self)
{
  if (self->options.steps == NULL)
    {
      sb_run_execute_all_async (self->run, SB_RUN_DEFAULT, on_done, self);
      g_main_loop_run (self->loop);
    }
  for (guint i = 0;
       self->error == NULL && self->options.steps != NULL && self->options.steps[i] != NULL;
       i++)
    {
      sb_run_execute_async (self->run, self->options.steps[i], on_done, self);
      g_main_loop_run (self->loop);
    }
}

static gboolean
execute (Command *self, GError **error)
{
  guint interrupt;
  guint terminate;

  watch_steps (self);
  self->loop = g_main_loop_new (NULL, FALSE);
  interrupt = g_unix_signal_add (SIGINT, on_interrupt, self);
  terminate = g_unix_signal_add (SIGTERM, on_interrupt, self);
  execute_steps (self);
  if (self->error == NULL)
    {
      JsonObject *result = find_evaluation (self);

      if (self->options.json)
        print_json (self, result);
      else if (result != NULL)
        {
          if (json_object_has_member (result, "accuracy"))
            print_classes (result);
          else
            print_matrix (result);
        }
      fflush (stdout);
      write_output (self, &self->error);
    }
  g_source_remove (interrupt);
  g_source_remove (terminate);
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

/* Also after a failure: what was created must not stay behind. */
static gboolean
clean_up (Command *self, GError **error)
{
  SbStep *step = self->run != NULL ? sb_run_find_step_of_kind (self->run, "clean-up") : NULL;

  if (step == NULL || self->options.keep)
    return TRUE;
  sb_run_execute_async (self->run, sb_step_get_id (step), on_done, self);
  g_main_loop_run (self->loop);
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

static void
shut_down (Command *self)
{
  gboolean wanted = FALSE;

  /* What --keep leaves in service needs the engine, which is found again by the next command. */
  if (self->engine != NULL && sb_engine_process_is_child (self->engine) &&
      !(self->options.keep && sb_engine_process_is_wanted (self->engine, &wanted, NULL, NULL) &&
        wanted))
    sb_engine_process_stop (self->engine, NULL, NULL);
  g_clear_object (&self->workshop);
  g_clear_object (&self->engine);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_free (self->options.data);
  g_free (self->options.script);
  g_free (self->options.connection);
  g_strfreev (self->options.settings);
  g_strfreev (self->options.steps);
  g_free (self->options.output);
  g_free (self->options.data_dir);
}

static gboolean
parse (Command *self, int *argc, char ***argv, GError **error)
{
  Options *options = &self->options;
  const GOptionEntry entries[] = {
    { "data",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &options->data,
      N_ ("Data to work on, a file or a folder; a synthetic sample when left out"),
      N_ ("PATH") },
    { "script",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &options->script,
      N_ ("Train with a script of yours, a Python file or a folder with a train.py"),
      N_ ("PATH") },
    { "connection",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->connection,
      N_ ("Where to run; “local” is this computer"),
      N_ ("NAME") },
    { "set",
      0,
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &options->settings,
      N_ ("A value of a step’s form, such as train.max_depth=4"),
      N_ ("STEP.NAME=VALUE") },
    { "step",
      0,
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &options->steps,
      N_ ("Run this step and what it needs, in place of all"),
      N_ ("STEP") },
    { "keep", 0, 0, G_OPTION_ARG_NONE, &options->keep, N_ ("Do not clean up at the end"), NULL },
    { "output",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &options->output,
      N_ ("Where charts and report are written"),
      N_ ("DIR") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_ ("Print the result as JSON"), NULL },
    { "data-dir",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &options->data_dir,
      N_ ("Where Sagebrush keeps its own files"),
      N_ ("DIR") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("MODULE"));

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc == 2)
    return TRUE;
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_INVALID,
                       _ ("Name one module, such as video-game-sales"));
  return FALSE;
}

/**
 * sb_command_run:
 * @argc: number of arguments
 * @argv: `run` and what follows it
 *
 * Runs a module from its first step to its last, without a display.
 *
 * Returns: the program's exit status
 */
int
sb_command_run (int argc, char **argv)
{
  Command self = { .terminal = isatty (STDERR_FILENO) };
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) clean_error = NULL;
  int status = 0;

  if (!parse (&self, &argc, &argv, &error))
    status = 2;
  else if (!set_up (&self, argv[1], &error) || !execute (&self, &error))
    status = self.interrupted ? 130 : 1;
  if (self.loop != NULL && !clean_up (&self, &clean_error) && error == NULL)
    {
      error = g_steal_pointer (&clean_error);
      status = 1;
    }
  shut_down (&self);
  if (error != NULL)
    sb_command_print_error (error);
  return status;
}
