/* sb-application.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "app/sb-application.h"

#include <glib/gi18n.h>

#include "app/sb-command.h"
#include "app/sb-desktop.h"
#include "app/sb-window.h"
#include "cloud/sb-engine-process.h"
#include "cloud/sb-keyring-provider.h"
#include "cloud/sb-profile-provider.h"
#include "pages/sb-connection-dialog.h"
#include "pages/sb-window-asker.h"

/**
 * SbApplication:
 *
 * Starts the local engine, keeps its access key in the keyring, and stops it at the end unless a
 * job or an endpoint still wants it.
 */
struct _SbApplication
{
  AdwApplication parent_instance;

  GSettings *settings;
  SbEngineProcess *engine;
  SbAsker *asker;
  SbConnectionStore *store;
  GHashTable *workshops; /* by connection: what runs in one goes on while another is shown */
};

G_DEFINE_FINAL_TYPE (SbApplication, sb_application, ADW_TYPE_APPLICATION)

typedef struct
{
  SbEngineProcess *engine;
  SbConnection *connection;
} Started;

static void
started_free (Started *self)
{
  g_clear_object (&self->engine);
  g_clear_object (&self->connection);
  g_free (self);
}

/* Where there is a keyring the key is taken from there; without one from the engine's own file,
 * which nobody else may read. */
static SbConnection *
make_connection (SbEngineProcess *engine, GCancellable *cancellable)
{
  g_autoptr (SbCredentialsProvider) file =
      sb_profile_provider_new (sb_engine_process_get_credentials_file (engine), "default");
  g_autoptr (SbCredentials) credentials = NULL;
  g_autoptr (SbCredentialsProvider) keyring = NULL;
  g_autoptr (GError) error = NULL;

  if (!sb_keyring_is_available ())
    return sb_connection_new_for_engine (engine);
  credentials = sb_credentials_provider_get (file, cancellable, &error);
  if (credentials == NULL ||
      !sb_keyring_store (
          "local", _ ("Sagebrush: the engine on this computer"), credentials, cancellable, &error))
    {
      g_message ("The keyring is not used: %s", error->message);
      return sb_connection_new_for_engine (engine);
    }
  keyring = sb_keyring_provider_new ("local", sb_credentials_get_access_key_id (credentials));
  return sb_connection_new ("local",
                            _ ("This computer"),
                            sb_engine_process_get_region (engine),
                            sb_engine_process_get_url (engine),
                            keyring);
}

static void
start_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autofree char *base = sb_command_data_dir ();
  g_autofree char *folder = g_build_filename (base, "engine", NULL);
  g_autoptr (GError) error = NULL;
  Started *started = g_new0 (Started, 1);

  started->engine = sb_engine_process_start (folder, cancellable, &error);
  if (started->engine == NULL)
    {
      started_free (started);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  started->connection = make_connection (started->engine, cancellable);
  g_task_return_pointer (task, started, (GDestroyNotify) started_free);
}

static SbWindow *
get_window (SbApplication *self)
{
  return sb_window_find (GTK_APPLICATION (self));
}

static void
keep_workshop (SbApplication *self, SbConnection *connection)
{
  g_autofree char *base = sb_command_data_dir ();

  g_hash_table_replace (self->workshops,
                        g_strdup (sb_connection_get_id (connection)),
                        sb_workshop_new (base, connection));
}

static void
show_workshop (SbApplication *self, const char *id)
{
  SbWindow *window = get_window (self);
  SbWorkshop *workshop = g_hash_table_lookup (self->workshops, id);

  if (window == NULL || workshop == NULL)
    return;
  g_settings_set_string (self->settings, "connection", id);
  sb_window_set_workshop (window, workshop);
}

static void
connect_to (SbApplication *self, const char *id)
{
  SbConnectionInfo *info = sb_connection_store_find (self->store, id);
  g_autoptr (SbConnection) connection = NULL;

  if (!g_hash_table_contains (self->workshops, id) && info != NULL)
    {
      connection = sb_connection_store_open (self->store, info);
      keep_workshop (self, connection);
    }
  show_workshop (self, id);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  SbApplication *self = SB_APPLICATION (source);
  SbWindow *window = get_window (self);
  g_autofree char *latest = g_settings_get_string (self->settings, "connection");
  g_autoptr (GError) error = NULL;
  Started *started = g_task_propagate_pointer (G_TASK (result), &error);

  if (started == NULL)
    {
      if (window != NULL)
        sb_window_show_problem (window, error);
      return;
    }
  self->engine = g_object_ref (started->engine);
  keep_workshop (self, started->connection);
  started_free (started);
  connect_to (self, sb_connection_store_find (self->store, latest) != NULL ? latest : "local");
}

static void
on_connect (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  connect_to (data, g_variant_get_string (parameter, NULL));
}

/* What a notice leads to. Its connection may be gone, or the window be closed, by now. */
static void
show_page_of (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  SbApplication *self = data;
  SbWindow *window = get_window (self);
  const char *connection, *page;

  g_variant_get (parameter, "(&s&s)", &connection, &page);
  if (window == NULL || !g_hash_table_contains (self->workshops, connection))
    return;
  show_workshop (self, connection);
  sb_window_show_page (window, page);
}

static void
on_added (SbConnectionDialog *dialog, SbConnectionInfo *info, SbApplication *self)
{
  g_autofree char *user = sb_connection_info_dup_user (info);
  const char *account = sb_connection_info_get (info, "account");
  SbWindow *window = get_window (self);
  g_autofree char *text =
      account != NULL && user != NULL
          ? g_strdup_printf (_ ("Connected: account %s, %s, %s"),
                             account,
                             user,
                             sb_connection_info_get_region (info))
          : g_strdup_printf (_ ("“%s” was added"), sb_connection_info_get_name (info));

  connect_to (self, sb_connection_info_get_id (info));
  if (window != NULL)
    sb_window_toast (window, text);
}

static void
add_connection (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  SbApplication *self = data;
  GtkWidget *dialog =
      sb_connection_dialog_new (GTK_WINDOW (get_window (self)), self->store, self->asker);

  g_signal_connect_object (dialog, "added", G_CALLBACK (on_added), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbApplication) self = data;
  SbWindow *window = get_window (self);
  g_autoptr (GError) error = NULL;

  if (!sb_connection_store_remove_finish (SB_CONNECTION_STORE (source), result, &error) &&
      window != NULL)
    sb_window_toast (window, error->message);
}

static void
on_remove_response (AdwMessageDialog *dialog, const char *response, SbApplication *self)
{
  const char *id = g_object_get_data (G_OBJECT (dialog), "sb-id");
  SbConnectionInfo *info = sb_connection_store_find (self->store, id);

  if (g_strcmp0 (response, "remove") != 0 || info == NULL)
    return;
  show_workshop (self, "local");
  sb_window_forget_connection (get_window (self), id);
  g_hash_table_remove (self->workshops, id);
  sb_connection_store_remove_async (self->store, info, NULL, on_removed, g_object_ref (self));
}

static void
remove_connection (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  SbApplication *self = data;
  const char *id = g_variant_get_string (parameter, NULL);
  SbConnectionInfo *info = sb_connection_store_find (self->store, id);
  GtkWidget *dialog;

  if (info == NULL)
    return;
  dialog = adw_message_dialog_new (GTK_WINDOW (get_window (self)), NULL, NULL);
  adw_message_dialog_format_heading (ADW_MESSAGE_DIALOG (dialog),
                                     _ ("Remove “%s”?"),
                                     sb_connection_info_get_name (info));
  adw_message_dialog_set_body (
      ADW_MESSAGE_DIALOG (dialog),
      _ ("Its secrets are deleted from the keyring. What runs there goes on "
         "and may cost money: clean up first."));
  adw_message_dialog_add_responses (
      ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), "remove", _ ("Remove Connection"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog),
                                              "remove",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_object_set_data_full (G_OBJECT (dialog), "sb-id", g_strdup (id), g_free);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_remove_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
load_store (SbApplication *self, SbWindow *window)
{
  g_autofree char *base = sb_command_data_dir ();
  g_autoptr (GError) error = NULL;

  if (self->store == NULL)
    self->store = sb_connection_store_new (base, self->asker, &error);
  sb_window_set_store (window, self->store);
  if (error != NULL)
    sb_window_toast (window, error->message);
}

static void
sb_application_activate (GApplication *application)
{
  SbApplication *self = SB_APPLICATION (application);
  GtkWindow *window = GTK_WINDOW (sb_window_find (GTK_APPLICATION (self)));
  g_autoptr (GTask) task = NULL;

  if (window != NULL)
    {
      gtk_window_present (window);
      return;
    }
  window = GTK_WINDOW (sb_window_new (ADW_APPLICATION (self), self->settings));
  load_store (self, SB_WINDOW (window));
  gtk_window_present (window);
  task = g_task_new (self, NULL, on_started, NULL);
  g_task_run_in_thread (task, start_in_thread);
}

static void
show_about (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  adw_show_about_window (gtk_application_get_active_window (data),
                         "application-name",
                         "Sagebrush",
                         "application-icon",
                         SB_APP_ID,
                         "version",
                         SB_VERSION,
                         "license-type",
                         GTK_LICENSE_GPL_3_0,
                         "comments",
                         _ ("The Introduction to SageMaker workshop, by clicking"),
                         NULL);
}

/* By way of the window, which asks when something is paid for. */
static void
quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  SbWindow *window = get_window (data);

  if (window != NULL)
    gtk_window_close (GTK_WINDOW (window));
  else
    g_application_quit (data);
}

/* Without an installation the schema is in the build's folder. */
static GSettings *
open_settings (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema =
      source != NULL ? g_settings_schema_source_lookup (source, SB_APP_ID, TRUE) : NULL;
  g_autoptr (GSettingsSchemaSource) built = NULL;

  if (schema == NULL)
    {
      built = g_settings_schema_source_new_from_directory (SB_BUILDDIR "/data", source, TRUE, NULL);
      schema = built != NULL ? g_settings_schema_source_lookup (built, SB_APP_ID, TRUE) : NULL;
    }
  if (schema == NULL)
    g_error ("The settings schema %s is not installed", SB_APP_ID);
  return g_settings_new_full (schema, NULL, NULL);
}

static void
sb_application_startup (GApplication *application)
{
  SbApplication *self = SB_APPLICATION (application);
  const GActionEntry actions[] = { { "about", show_about },
                                   { "quit", quit },
                                   { "connect", on_connect, "s" },
                                   { "show-page-of", show_page_of, "(ss)" },
                                   { "add-connection", add_connection },
                                   { "remove-connection", remove_connection, "s" } };

  G_APPLICATION_CLASS (sb_application_parent_class)->startup (application);
  self->settings = open_settings ();
  self->asker = sb_window_asker_new (GTK_APPLICATION (self));
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  gtk_application_set_accels_for_action (GTK_APPLICATION (self),
                                         "app.quit",
                                         (const char *[]){ "<Control>q", NULL });
}

/* An engine that still trains or hosts goes on; the next start finds it. */
static void
sb_application_shutdown (GApplication *application)
{
  SbApplication *self = SB_APPLICATION (application);
  gboolean wanted = FALSE;

  if (self->engine != NULL && sb_engine_process_is_child (self->engine) &&
      !(sb_engine_process_is_wanted (self->engine, &wanted, NULL, NULL) && wanted))
    sb_engine_process_stop (self->engine, NULL, NULL);
  g_clear_pointer (&self->workshops, g_hash_table_unref);
  g_clear_object (&self->store);
  g_clear_object (&self->asker);
  g_clear_object (&self->engine);
  g_clear_object (&self->settings);
  G_APPLICATION_CLASS (sb_application_parent_class)->shutdown (application);
}

/* A desktop that keeps an eye on what runs without a window is told why. */
static void
sb_application_window_removed (GtkApplication *application, GtkWindow *window)
{
  SbApplication *self = SB_APPLICATION (application);
  gboolean wanted = FALSE;

  GTK_APPLICATION_CLASS (sb_application_parent_class)->window_removed (application, window);
  if (sb_desktop_is_sandboxed () && self->engine != NULL &&
      gtk_application_get_windows (application) == NULL &&
      sb_engine_process_is_wanted (self->engine, &wanted, NULL, NULL) && wanted)
    sb_desktop_ask_for_background (G_APPLICATION (application));
}

static void
sb_application_class_init (SbApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = sb_application_startup;
  application_class->activate = sb_application_activate;
  application_class->shutdown = sb_application_shutdown;
  GTK_APPLICATION_CLASS (klass)->window_removed = sb_application_window_removed;
}

static void
sb_application_init (SbApplication *self)
{
  self->workshops = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

/**
 * sb_application_main:
 * @argc: number of arguments
 * @argv: arguments
 *
 * Opens the window.
 *
 * Returns: the program's exit status
 */
int
sb_application_main (int argc, char **argv)
{
  g_autoptr (SbApplication) application = g_object_new (SB_TYPE_APPLICATION,
                                                        "application-id",
                                                        SB_APP_ID,
                                                        "resource-base-path",
                                                        "/io/github/sagebrush/Sagebrush",
                                                        NULL);

  sb_desktop_attach (G_APPLICATION (application));
  return g_application_run (G_APPLICATION (application), argc, argv);
}
