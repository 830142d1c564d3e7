/* sb-command-notebooks.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `sagebrush notebooks`: notebook instances in the terminal.
 */

#include "config.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "app/sb-command.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-notebook.h"
#include "workshop/sb-workshop.h"

typedef struct
{
  char *connection;
  char *data_dir;
  gboolean json;
} Options;

typedef struct
{
  Options options;
  SbEngineProcess *engine;
  SbWorkshop *workshop;
  SbClient *client;
  GCancellable *cancellable;
} Command;

static const struct
{
  const char *verb;
  SbNotebookAct act;
} verbs[] = {
  { "open", SB_NOTEBOOK_OPEN },
  { "start", SB_NOTEBOOK_START },
  { "stop", SB_NOTEBOOK_STOP },
  { "delete", SB_NOTEBOOK_DELETE },
};

static gboolean
set_up (Command *self, GError **error)
{
  g_autofree char *base =
      self->options.data_dir != NULL ? g_strdup (self->options.data_dir) : sb_command_data_dir ();
  g_autoptr (SbConnection) connection =
      sb_command_connect (base, self->options.connection, &self->engine, error);

  if (connection == NULL)
    return FALSE;
  self->workshop = sb_workshop_new (base, connection);
  self->client = sb_client_new (connection, sb_workshop_get_journal (self->workshop));
  return TRUE;
}

static void
print_item (JsonObject *item)
{
  printf ("%-24s %-16s %s\n",
          sb_json_get_string (item, "NotebookInstanceName", ""),
          sb_notebook_get_status_title (sb_json_get_string (item, "NotebookInstanceStatus", "")),
          sb_json_get_string (item, "InstanceType", ""));
}

static void
print_json (GPtrArray *items)
{
  JsonArray *array = json_array_new ();
  g_autoptr (JsonObject) document = sb_json_object_new ("notebooks", "a", array, NULL);
  g_autofree char *text = NULL;

  for (guint i = 0; i < items->len; i++)
    json_array_add_object_element (array, json_object_ref (items->pdata[i]));
  text = sb_json_to_pretty_string (document);
  printf ("%s\n", text);
}

static gboolean
list (Command *self, GError **error)
{
  g_autoptr (GPtrArray) items = sb_notebook_list (self->client, self->cancellable, error);

  if (items == NULL)
    return FALSE;
  if (self->options.json)
    print_json (items);
  else if (items->len == 0)
    printf ("%s\n", _ ("There are no notebook instances"));
  for (guint i = 0; !self->options.json && i < items->len; i++)
    print_item (items->pdata[i]);
  return TRUE;
}

static void
print_outcome (const char *name, SbNotebookAct act, JsonObject *answer)
{
  if (act == SB_NOTEBOOK_OPEN)
    printf ("%s\n", sb_json_get_string (answer, "url", ""));
  else if (act == SB_NOTEBOOK_DELETE)
    printf (_ ("“%s” is deleted\n"), name);
  else
    print_item (answer);
}

static gboolean
do_verb (Command *self, const char *verb, const char *name, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      g_autoptr (JsonObject) answer = NULL;

      if (strcmp (verbs[i].verb, verb) != 0)
        continue;
      answer = sb_notebook_act (self->client, name, verbs[i].act, self->cancellable, error);
      if (answer == NULL)
        return FALSE;
      print_outcome (name, verbs[i].act, answer);
      return TRUE;
    }
  return FALSE;
}

/* A notebook that is in service needs the engine, which is found again by the next command. */
static void
shut_down (Command *self)
{
  gboolean wanted = FALSE;

  if (self->engine != NULL && sb_engine_process_is_child (self->engine) &&
      !(sb_engine_process_is_wanted (self->engine, &wanted, NULL, NULL) && wanted))
    sb_engine_process_stop (self->engine, NULL, NULL);
  g_clear_object (&self->client);
  g_clear_object (&self->workshop);
  g_clear_object (&self->engine);
  g_clear_object (&self->cancellable);
  g_free (self->options.connection);
  g_free (self->options.data_dir);
}

static gboolean
check_verb (int argc, char **argv, GError **error)
{
  gboolean known = argc == 1;

  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    known = known || (argc == 3 && strcmp (verbs[i].verb, argv[1]) == 0);
  if (!known)
    g_set_error_literal (
        error,
        SB_ERROR,
        SB_ERROR_INVALID,
        _ ("Say nothing for a list, or open, start, stop or delete with the name of "
           "a notebook instance; “sagebrush run get-started --step notebook” makes "
           "one"));
  return known;
}

static gboolean
parse (Command *self, int *argc, char ***argv, GError **error)
{
  Options *options = &self->options;
  const GOptionEntry entries[] = {
    { "connection",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->connection,
      N_ ("Where to look; “local” is this computer"),
      N_ ("NAME") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_ ("Print the list as JSON"), NULL },
    { "data-dir",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &options->data_dir,
      N_ ("Where Sagebrush keeps its own files"),
      N_ ("DIR") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("[open|start|stop|delete NAME]"));

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  return g_option_context_parse (context, argc, argv, error) && check_verb (*argc, *argv, error);
}

/**
 * sb_command_notebooks:
 * @argc: number of arguments
 * @argv: `notebooks` and what follows it
 *
 * Lists notebook instances, or opens, starts, stops or deletes one.
 *
 * Returns: the program's exit status
 */
int
sb_command_notebooks (int argc, char **argv)
{
  Command self = { .cancellable = g_cancellable_new () };
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!parse (&self, &argc, &argv, &error))
    status = 2;
  else if (!set_up (&self, &error) ||
           !(argc == 1 ? list (&self, &error) : do_verb (&self, argv[1], argv[2], &error)))
    status = 1;
  shut_down (&self);
  if (error != NULL)
    sb_command_print_error (error);
  return status;
}
