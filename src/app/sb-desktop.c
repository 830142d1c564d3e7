/* sb-desktop.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "app/sb-desktop.h"

#include <glib/gi18n.h>

#include "app/sb-window.h"

#define PORTAL      "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
/* Who does not answer the portal's question for so long has gone. */
#define PATIENCE_SECONDS 60

static SbWindow *
get_window (GApplication *application)
{
  g_application_activate (application);
  return sb_window_find (GTK_APPLICATION (application));
}

static void
show_page (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  sb_window_show_page (get_window (data), g_variant_get_string (parameter, NULL));
}

/* It goes through an action, so that a window that is open already shows the page. */
static int
on_options (GApplication *application, GVariantDict *options, gpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *page;

  if (!g_variant_dict_lookup (options, "page", "&s", &page))
    return -1;
  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  g_action_group_activate_action (G_ACTION_GROUP (application),
                                  "show-page",
                                  g_variant_new_string (page));
  return -1;
}

static void
on_open (GApplication *application, GFile **files, int n_files, const char *hint, gpointer data)
{
  SbWindow *window = get_window (application);

  for (int i = 0; i < n_files; i++)
    sb_window_open (window, files[i]);
}

/**
 * sb_desktop_attach:
 * @application: the application, before it runs
 *
 * Gives it what launchers and file managers use: the option `--page`, the action `show-page`, and
 * the opening of files.
 */
void
sb_desktop_attach (GApplication *application)
{
  const GActionEntry actions[] = { { "show-page", show_page, "s" } };

  g_application_set_flags (application,
                           g_application_get_flags (application) | G_APPLICATION_HANDLES_OPEN);
  g_application_add_main_option (application,
                                 "page",
                                 0,
                                 0,
                                 G_OPTION_ARG_STRING,
                                 _ ("Open with the page of a module"),
                                 _ ("MODULE"));
  g_action_map_add_action_entries (G_ACTION_MAP (application),
                                   actions,
                                   G_N_ELEMENTS (actions),
                                   application);
  g_signal_connect (application, "handle-local-options", G_CALLBACK (on_options), NULL);
  g_signal_connect (application, "open", G_CALLBACK (on_open), NULL);
}

/**
 * sb_desktop_is_sandboxed:
 *
 * Returns: whether this runs inside a Flatpak
 */
gboolean
sb_desktop_is_sandboxed (void)
{
  return g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);
}

typedef struct
{
  GApplication *application;
  GDBusConnection *bus;
  guint subscription;
  guint timeout;
} Asking;

/* The application was held for as long as it asks. */
static void
asking_end (Asking *self)
{
  g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  g_clear_handle_id (&self->timeout, g_source_remove);
  g_application_release (self->application);
  g_object_unref (self->application);
  g_object_unref (self->bus);
  g_free (self);
}

static void
on_response (GDBusConnection *bus,
             const char *sender,
             const char *path,
             const char *interface,
             const char *signal,
             GVariant *parameters,
             gpointer data)
{
  guint32 response;

  g_variant_get (parameters, "(ua{sv})", &response, NULL);
  g_debug ("The portal answers %u about the background", response);
  asking_end (data);
}

static gboolean
on_timeout (gpointer data)
{
  ((Asking *) data)->timeout = 0;
  asking_end (data);
  return G_SOURCE_REMOVE;
}

/* A desktop without this portal has nothing against it. */
static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) handle =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (handle != NULL)
    return;
  g_debug ("The background portal cannot be asked: %s", error->message);
  asking_end (data);
}

/* Where the answer will come, which has to be known before the question leaves. */
static char *
request_path (GDBusConnection *bus, const char *token)
{
  g_autofree char *sender = g_strdup (g_dbus_connection_get_unique_name (bus) + 1);

  return g_strdup_printf (PORTAL_PATH "/request/%s/%s", g_strdelimit (sender, ".", '_'), token);
}

/**
 * sb_desktop_ask_for_background:
 * @application: the application, whose last window has just been closed
 *
 * Tells the desktop's background portal why something goes on, and keeps the application until
 * that has answered. What the person says about it is the portal's to enforce.
 */
void
sb_desktop_ask_for_background (GApplication *application)
{
  GDBusConnection *bus = g_application_get_dbus_connection (application);
  g_autofree char *token = g_strdup_printf ("sagebrush%u", g_random_int ());
  g_autofree char *path = NULL;
  GVariantBuilder options;
  Asking *self;

  if (bus == NULL)
    return;
  path = request_path (bus, token);
  self = g_new0 (Asking, 1);
  self->application = g_object_ref (application);
  self->bus = g_object_ref (bus);
  g_application_hold (application);
  self->subscription = g_dbus_connection_signal_subscribe (bus,
                                                           PORTAL,
                                                           "org.freedesktop.portal.Request",
                                                           "Response",
                                                           path,
                                                           NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE,
                                                           on_response,
                                                           self,
                                                           NULL);
  self->timeout = g_timeout_add_seconds (PATIENCE_SECONDS, on_timeout, self);
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "handle_token", g_variant_new_string (token));
  g_variant_builder_add (&options,
                         "{sv}",
                         "reason",
                         g_variant_new_string (
                             _ ("Training jobs and endpoints go on without a window.")));
  g_dbus_connection_call (bus,
                          PORTAL,
                          PORTAL_PATH,
                          "org.freedesktop.portal.Background",
                          "RequestBackground",
                          g_variant_new ("(sa{sv})", "", &options),
                          G_VARIANT_TYPE ("(o)"),
                          G_DBUS_CALL_FLAGS_NONE,
                          -1,
                          NULL,
                          on_asked,
                          self);
}
