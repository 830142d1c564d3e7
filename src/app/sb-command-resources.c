/* sb-command-resources.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `sagebrush resources` and `sagebrush clean-up`: what the workshop has created and not deleted.
 */

#include "config.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#include "app/sb-command.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-prices.h"
#include "workshop/sb-resources.h"

typedef struct
{
  char *connection;
  char *data_dir;
  gboolean json;
  gboolean yes;
} Options;

typedef struct
{
  Options options;
  SbEngineProcess *engine;
  SbWorkshop *workshop;
  SbResources *resources;
  SbPrices *prices;
  GMainLoop *loop;
  GCancellable *cancellable;
  GError *error;
} Command;

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
  self->resources = sb_resources_new (self->workshop);
  self->prices = sb_prices_new ();
  return TRUE;
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  Command *self = data;

  sb_resources_refresh_finish (SB_RESOURCES (source), result, &self->error);
  g_main_loop_quit (self->loop);
}

static void
on_cleaned (GObject *source, GAsyncResult *result, gpointer data)
{
  Command *self = data;

  sb_resources_clean_up_finish (SB_RESOURCES (source), result, &self->error);
  g_main_loop_quit (self->loop);
}

static gboolean
on_interrupt (gpointer data)
{
  g_cancellable_cancel (((Command *) data)->cancellable);
  return G_SOURCE_CONTINUE;
}

static gboolean
wait_until_done (Command *self, GError **error)
{
  g_main_loop_run (self->loop);
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

static guint
n_items (Command *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->resources));
}

static char *
format_age (double created)
{
  gint64 seconds = g_get_real_time () / G_USEC_PER_SEC - (gint64) created;

  if (created <= 0)
    return g_strdup ("");
  if (seconds < 60)
    return g_strdup (_ ("now"));
  if (seconds < 3600)
    return g_strdup_printf (_ ("%d min"), (int) (seconds / 60));
  if (seconds < 86400)
    return g_strdup_printf (_ ("%d h"), (int) (seconds / 3600));
  return g_strdup_printf (ngettext ("%d day", "%d days", (gulong) (seconds / 86400)),
                          (int) (seconds / 86400));
}

static void
print_padded (const char *text, int width)
{
  printf ("%s%*s", text, MAX (width - (int) g_utf8_strlen (text, -1), 0), "");
}

static SbConnection *
connection_of (Command *self)
{
  return sb_workshop_get_connection (self->workshop);
}

static void
print_item (Command *self, SbResourceItem *item)
{
  const char *status = sb_resource_item_get_status (item);
  g_autofree char *age = format_age (sb_resource_item_get_created (item));

  print_padded (sb_resource_kind_get_title (sb_resource_item_get_kind (item)), 24);
  print_padded (status != NULL ? status : "", 12);
  print_padded (age, 10);
  printf ("%s\n", sb_resource_item_get_name (item));
  if (sb_resource_item_is_running (item))
    {
      g_autofree char *price = sb_prices_describe_item (self->prices, connection_of (self), item);

      printf ("    %u × %s, %s\n",
              sb_resource_item_get_n_instances (item),
              sb_resource_item_get_instance_type (item),
              price);
    }
  if (sb_resource_item_get_message (item) != NULL)
    printf ("    %s\n", sb_resource_item_get_message (item));
}

static void
print_problems (Command *self)
{
  const char *const *problems = sb_resources_get_problems (self->resources);

  for (guint i = 0; problems[i] != NULL; i++)
    fprintf (stderr, _ ("Something may be missing here. %s\n"), problems[i]);
}

static void
print_list (Command *self)
{
  for (guint i = 0; i < n_items (self); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->resources), i);

      print_item (self, item);
    }
  if (n_items (self) == 0)
    printf ("%s\n", _ ("Nothing left"));
}

static JsonObject *
item_to_json (Command *self, SbResourceItem *item)
{
  JsonObject *json =
      sb_json_object_new ("kind",
                          "s",
                          sb_resource_kind_get_name (sb_resource_item_get_kind (item)),
                          "name",
                          "s",
                          sb_resource_item_get_name (item),
                          "arn",
                          "s",
                          sb_resource_item_get_arn (item),
                          "region",
                          "s",
                          sb_resource_item_get_region (item),
                          "module",
                          "s",
                          sb_resource_item_get_module (item),
                          "run",
                          "s",
                          sb_resource_item_get_run (item),
                          "status",
                          "s",
                          sb_resource_item_get_status (item),
                          "created",
                          "d",
                          sb_resource_item_get_created (item),
                          "instance-type",
                          "s",
                          sb_resource_item_get_instance_type (item),
                          "instances",
                          "i",
                          (gint64) sb_resource_item_get_n_instances (item),
                          "message",
                          "s",
                          sb_resource_item_get_message (item),
                          NULL);
  double hourly = sb_prices_get_for_item (self->prices, connection_of (self), item);
  double spent = sb_prices_get_spent (self->prices, connection_of (self), item);

  /* What is not known is left out. */
  if (hourly >= 0)
    json_object_set_double_member (json, "price-per-hour", hourly);
  if (spent >= 0)
    json_object_set_double_member (json, "price-so-far", spent);
  return json;
}

static void
print_json (Command *self)
{
  g_autoptr (JsonObject) document = json_object_new ();
  JsonArray *array = json_array_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < n_items (self); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->resources), i);

      json_array_add_object_element (array, item_to_json (self, item));
    }
  json_object_set_array_member (document, "resources", array);
  json_object_set_array_member (document,
                                "problems",
                                sb_json_array_new_strings (
                                    sb_resources_get_problems (self->resources)));
  text = sb_json_to_pretty_string (document);
  printf ("%s\n", text);
}

static gboolean
refresh (Command *self, GError **error)
{
  sb_resources_refresh_async (self->resources, self->cancellable, on_refreshed, self);
  return wait_until_done (self, error);
}

static gboolean
show (Command *self, GError **error)
{
  if (!refresh (self, error))
    return FALSE;
  print_problems (self);
  if (self->options.json)
    print_json (self);
  else
    print_list (self);
  return TRUE;
}

/* Deleting is asked about; where nobody can answer, --yes has to say it. */
static gboolean
confirm (Command *self, GError **error)
{
  char line[16];

  if (self->options.yes)
    return TRUE;
  if (!isatty (STDIN_FILENO))
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INVALID,
                           _ ("Nobody can be asked here; say --yes to delete all of these"));
      return FALSE;
    }
  printf (ngettext ("Delete %u resource? [y/N] ", "Delete %u resources? [y/N] ", n_items (self)),
          n_items (self));
  fflush (stdout);
  if (fgets (line, sizeof line, stdin) != NULL && g_ascii_tolower (*line) == 'y')
    return TRUE;
  g_set_error_literal (error, SB_ERROR, SB_ERROR_INVALID, _ ("Nothing was deleted"));
  return FALSE;
}

static void
on_phase (SbResourceItem *item, GParamSpec *pspec, gpointer data)
{
  if (sb_resource_item_get_phase (item) == SB_RESOURCE_REMOVED)
    fprintf (stderr,
             _ ("Deleted: %s %s\n"),
             sb_resource_kind_get_title (sb_resource_item_get_kind (item)),
             sb_resource_item_get_name (item));
}

static gboolean
clean_up (Command *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (!show (self, error))
    return FALSE;
  if (n_items (self) == 0)
    return TRUE;
  if (!confirm (self, error))
    return FALSE;
  for (guint i = 0; i < n_items (self); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->resources), i);

      g_signal_connect (item, "notify::phase", G_CALLBACK (on_phase), NULL);
    }
  sb_resources_clean_up_async (self->resources, self->cancellable, on_cleaned, self);
  if (wait_until_done (self, &local) || g_error_matches (local, SB_ERROR, SB_ERROR_CONFLICT))
    print_list (self);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* An engine that only was started to be asked is not left running for nothing. */
static void
shut_down (Command *self)
{
  gboolean wanted = FALSE;

  if (self->engine != NULL && sb_engine_process_is_child (self->engine) &&
      !(sb_engine_process_is_wanted (self->engine, &wanted, NULL, NULL) && wanted))
    sb_engine_process_stop (self->engine, NULL, NULL);
  g_clear_pointer (&self->prices, sb_prices_free);
  g_clear_object (&self->resources);
  g_clear_object (&self->workshop);
  g_clear_object (&self->engine);
  g_clear_object (&self->cancellable);
  g_main_loop_unref (self->loop);
  g_free (self->options.connection);
  g_free (self->options.data_dir);
}

static gboolean
parse (Options *options, gboolean deleting, int *argc, char ***argv, GError **error)
{
  const GOptionEntry own =
      deleting ? (GOptionEntry){ "yes",
                                 'y',
                                 0,
                                 G_OPTION_ARG_NONE,
                                 &options->yes,
                                 N_ ("Delete without asking"),
                                 NULL }
               : (GOptionEntry){
                   "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_ ("Print them as JSON"), NULL
                 };
  const GOptionEntry entries[] = {
    own,
    { "connection",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->connection,
      N_ ("Where to look; “local” is this computer"),
      N_ ("NAME") },
    { "data-dir",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &options->data_dir,
      N_ ("Where Sagebrush keeps its own files"),
      N_ ("DIR") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc == 1)
    return TRUE;
  g_set_error (
      error, SB_ERROR, SB_ERROR_INVALID, _ ("“%s” is not expected here; see --help"), (*argv)[1]);
  return FALSE;
}

static int
run (int argc, char **argv, gboolean deleting)
{
  Command self = { .loop = g_main_loop_new (NULL, FALSE), .cancellable = g_cancellable_new () };
  g_autoptr (GError) error = NULL;
  guint interrupt = g_unix_signal_add (SIGINT, on_interrupt, &self);
  int status = 0;

  if (!parse (&self.options, deleting, &argc, &argv, &error))
    status = 2;
  else if (!set_up (&self, &error) || !(deleting ? clean_up : show) (&self, &error))
    status = 1;
  g_source_remove (interrupt);
  shut_down (&self);
  if (error != NULL)
    fprintf (stderr, "sagebrush: %s\n", error->message);
  return status;
}

/**
 * sb_command_resources:
 * @argc: number of arguments
 * @argv: `resources` and what follows it
 *
 * Lists what the workshop has created and the service still has.
 *
 * Returns: the program's exit status
 */
int
sb_command_resources (int argc, char **argv)
{
  return run (argc, argv, FALSE);
}

/**
 * sb_command_clean_up:
 * @argc: number of arguments
 * @argv: `clean-up` and what follows it
 *
 * Deletes what the workshop has created, then asks the service again.
 *
 * Returns: the program's exit status; 1 when something is left
 */
int
sb_command_clean_up (int argc, char **argv)
{
  return run (argc, argv, TRUE);
}
