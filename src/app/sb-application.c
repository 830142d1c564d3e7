/* sb-application.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "app/sb-application.h"

#include <glib/gi18n.h>

#include "app/sb-command.h"
#include "app/sb-window.h"
#include "cloud/sb-engine-process.h"
#include "cloud/sb-keyring-provider.h"
#include "cloud/sb-profile-provider.h"

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
  SbWorkshop *workshop;
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

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  SbApplication *self = SB_APPLICATION (source);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));
  g_autofree char *base = sb_command_data_dir ();
  g_autoptr (GError) error = NULL;
  Started *started = g_task_propagate_pointer (G_TASK (result), &error);

  if (started == NULL)
    {
      if (window != NULL)
        sb_window_show_problem (SB_WINDOW (window), error);
      return;
    }
  self->engine = g_object_ref (started->engine);
  self->workshop = sb_workshop_new (base, started->connection);
  started_free (started);
  if (window != NULL)
    sb_window_set_workshop (SB_WINDOW (window), self->workshop);
}

static void
sb_application_activate (GApplication *application)
{
  SbApplication *self = SB_APPLICATION (application);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));
  g_autoptr (GTask) task = NULL;

  if (window != NULL)
    {
      gtk_window_present (window);
      return;
    }
  window = GTK_WINDOW (sb_window_new (ADW_APPLICATION (self), self->settings));
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

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
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
  const GActionEntry actions[] = { { "about", show_about }, { "quit", quit } };

  G_APPLICATION_CLASS (sb_application_parent_class)->startup (application);
  self->settings = open_settings ();
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
  g_clear_object (&self->workshop);
  g_clear_object (&self->engine);
  g_clear_object (&self->settings);
  G_APPLICATION_CLASS (sb_application_parent_class)->shutdown (application);
}

static void
sb_application_class_init (SbApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = sb_application_startup;
  application_class->activate = sb_application_activate;
  application_class->shutdown = sb_application_shutdown;
}

static void
sb_application_init (SbApplication *self)
{
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

  return g_application_run (G_APPLICATION (application), argc, argv);
}
