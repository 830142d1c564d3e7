/* test-connections.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Adding a connection, choosing one, and what is asked in between, without AT-SPI and with a
 * service on loopback.
 */

#include "config.h"

#include <adwaita.h>
#include <glib/gstdio.h>

#include "../cloud/loopback.h"
#include "pages/sb-connection-dialog.h"
#include "pages/sb-connection-menu.h"
#include "pages/sb-window-asker.h"
#include "wire/sb-error.h"

typedef struct
{
  char *folder;
  SbAsker *asker;
  SbConnectionStore *store;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("sb-dialog-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->asker = sb_window_asker_new (NULL);
  fixture->store = sb_connection_store_new (fixture->folder, fixture->asker, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "connections.json", "connections.json.lock" };

  g_clear_object (&fixture->store);
  g_clear_object (&fixture->asker);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, names[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
}

/* The first widget of a type below @parent whose property "title" or "label" is @text. */
static GtkWidget *
find (GtkWidget *parent, GType type, const char *text)
{
  for (GtkWidget *child = gtk_widget_get_first_child (parent); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      const char *property = ADW_IS_PREFERENCES_ROW (child) ? "title" : "label";
      GtkWidget *found;

      if (g_type_is_a (G_OBJECT_TYPE (child), type))
        {
          g_autofree char *said = NULL;

          if (text == NULL)
            return child;
          g_object_get (child, property, &said, NULL);
          if (g_strcmp0 (said, text) == 0)
            return child;
        }
      found = find (child, type, text);
      if (found != NULL)
        return found;
    }
  return NULL;
}

static void
enter (GtkWidget *dialog, const char *title, const char *text)
{
  GtkWidget *row = find (dialog, ADW_TYPE_ENTRY_ROW, title);

  g_assert_nonnull (row);
  g_assert_true (gtk_widget_get_visible (row));
  gtk_editable_set_text (GTK_EDITABLE (row), text);
}

static gboolean
is_shown (GtkWidget *dialog, GType type, const char *text)
{
  GtkWidget *widget = find (dialog, type, text);

  return widget != NULL && gtk_widget_get_visible (widget);
}

#define XML(action, inner)                                                                         \
  "<" action "Response><" action "Result>" inner "</" action "Result></" action "Response>"

static void
serve (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  if (asked->is_signed)
    reply (
        message,
        200,
        "text/xml",
        XML ("GetCallerIdentity",
             "<Arn>arn:aws:iam::123456789012:user/workshop</Arn><Account>123456789012</Account>"));
  else
    reply (message,
           403,
           "text/xml",
           "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>That is not "
           "it</Message></Error></ErrorResponse>");
}

static void
on_added (SbConnectionDialog *dialog, SbConnectionInfo *info, SbConnectionInfo **added)
{
  g_set_object (added, info);
}

static void
wait_until (GtkWidget *dialog, gboolean (*done) (GtkWidget *dialog, gpointer data), gpointer data)
{
  while (!done (dialog, data))
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
has_problem (GtkWidget *dialog, gpointer text)
{
  return is_shown (dialog, GTK_TYPE_LABEL, text);
}

static gboolean
was_added (GtkWidget *dialog, gpointer added)
{
  return *(SbConnectionInfo **) added != NULL;
}

static void
test_other_server (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Loopback) server = loopback_new (serve, NULL);
  GtkWidget *dialog = sb_connection_dialog_new (NULL, fixture->store, fixture->asker);
  g_autoptr (SbConnectionInfo) added = NULL;
  SbConnectionInfo *kept;

  g_signal_connect (dialog, "added", G_CALLBACK (on_added), &added);
  gtk_window_present (GTK_WINDOW (dialog));
  gtk_widget_activate_action (dialog, "dialog.kind", "s", "server");
  g_assert_false (is_shown (dialog, ADW_TYPE_ENTRY_ROW, "Start URL"));
  enter (dialog, "Name", "Lab");
  enter (dialog, "Address, Such as https://…", server->url);
  enter (dialog, "Access Key ID", LOOPBACK_KEY_ID);
  gtk_switch_set_active (GTK_SWITCH (find (dialog, GTK_TYPE_SWITCH, NULL)), FALSE);
  /* Without a secret there is nothing to add. */
  gtk_widget_activate_action (dialog, "dialog.add", NULL);
  g_assert_cmpuint (loopback_n_asked (server), ==, 0);
  enter (dialog, "Secret Access Key", "wrong");
  gtk_widget_activate_action (dialog, "dialog.add", NULL);
  wait_until (dialog, has_problem, (gpointer) "That is not it");
  g_assert_true (is_shown (dialog, GTK_TYPE_BUTTON, "Add Without a Check"));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->store)), ==, 0);
  enter (dialog, "Secret Access Key", LOOPBACK_SECRET);
  g_assert_false (is_shown (dialog, GTK_TYPE_BUTTON, "Add Without a Check"));
  gtk_widget_activate_action (dialog, "dialog.add", NULL);
  wait_until (dialog, was_added, &added);
  kept = sb_connection_store_find (fixture->store, "lab");
  g_assert_nonnull (kept);
  g_assert_cmpstr (sb_connection_info_get (kept, "account"), ==, "123456789012");
  g_assert_cmpstr (sb_connection_info_get (kept, "endpoint_url"), ==, server->url);
}

static void
test_wrong_values (Fixture *fixture, gconstpointer data)
{
  GtkWidget *dialog = sb_connection_dialog_new (NULL, fixture->store, fixture->asker);

  gtk_window_present (GTK_WINDOW (dialog));
  gtk_widget_activate_action (dialog, "dialog.kind", "s", "server");
  enter (dialog, "Name", "local");
  enter (dialog, "Address, Such as https://…", "http://127.0.0.1:1");
  enter (dialog, "Access Key ID", "A");
  enter (dialog, "Secret Access Key", "b");
  gtk_widget_activate_action (dialog, "dialog.add", NULL);
  g_assert_true (
      is_shown (dialog, GTK_TYPE_LABEL, "“local” is this computer; choose another name"));
  enter (dialog, "Name", "x");
  enter (dialog, "Address, Such as https://…", "nowhere");
  gtk_widget_activate_action (dialog, "dialog.add", NULL);
  g_assert_true (
      is_shown (dialog, GTK_TYPE_LABEL, "An address begins with https:// or http:// and a host"));
  gtk_window_destroy (GTK_WINDOW (dialog));
}

/* A response alone does not close the dialog; its button does. */
static void
press (AdwMessageDialog *dialog, const char *label)
{
  GtkWidget *button = find (GTK_WIDGET (dialog), GTK_TYPE_BUTTON, label);

  g_assert_nonnull (button);
  g_signal_emit_by_name (button, "clicked");
}

typedef struct
{
  SbAsker *asker;
  const char *kind;
  GCancellable *cancellable;
  SbSecret *code;
  SbCredentials *keys;
  GError *error;
  int done;
} Asking;

static gpointer
ask_in_thread (gpointer data)
{
  Asking *asking = data;
  g_autoptr (GError) why = g_error_new_literal (SB_ERROR, SB_ERROR_CREDENTIALS, "It has expired");

  if (strcmp (asking->kind, "code") == 0)
    asking->code =
        sb_asker_ask_code (asking->asker, "work", "phone1234", asking->cancellable, &asking->error);
  else
    asking->keys = sb_asker_ask_keys (
        asking->asker, "work", "AKOLD", why, asking->cancellable, &asking->error);
  g_atomic_int_set (&asking->done, 1);
  g_main_context_wakeup (NULL);
  return NULL;
}

static AdwMessageDialog *
find_dialog (void)
{
  g_autoptr (GList) all = gtk_window_list_toplevels ();

  for (GList *item = all; item != NULL; item = item->next)
    if (ADW_IS_MESSAGE_DIALOG (item->data) && gtk_widget_get_visible (item->data))
      return item->data;
  return NULL;
}

static AdwMessageDialog *
wait_for_dialog (void)
{
  while (find_dialog () == NULL)
    g_main_context_iteration (NULL, TRUE);
  return find_dialog ();
}

static void
finish_asking (Asking *asking, GThread *thread)
{
  while (!g_atomic_int_get (&asking->done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  while (find_dialog () != NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_code (Fixture *fixture, gconstpointer data)
{
  Asking asking = { .asker = fixture->asker, .kind = "code" };
  GThread *thread = g_thread_new ("asks", ask_in_thread, &asking);
  AdwMessageDialog *dialog = wait_for_dialog ();

  g_assert_nonnull (strstr (adw_message_dialog_get_body (dialog), "phone1234"));
  enter (GTK_WIDGET (dialog), "Code", "123456");
  press (dialog, "Continue");
  finish_asking (&asking, thread);
  g_assert_no_error (asking.error);
  g_assert_cmpstr (asking.code, ==, "123456");
  sb_secret_free (asking.code);
}

static void
test_keys (Fixture *fixture, gconstpointer data)
{
  Asking asking = { .asker = fixture->asker, .kind = "keys" };
  GThread *thread = g_thread_new ("asks", ask_in_thread, &asking);
  AdwMessageDialog *dialog = wait_for_dialog ();

  g_assert_nonnull (strstr (adw_message_dialog_get_body (dialog), "It has expired"));
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (
                       find (GTK_WIDGET (dialog), ADW_TYPE_ENTRY_ROW, "Access Key ID"))),
                   ==,
                   "AKOLD");
  enter (GTK_WIDGET (dialog), "Secret Access Key", "fresh");
  press (dialog, "Continue");
  finish_asking (&asking, thread);
  g_assert_no_error (asking.error);
  g_assert_cmpstr (sb_credentials_get_secret_access_key (asking.keys), ==, "fresh");
  g_assert_null (sb_credentials_get_session_token (asking.keys));
  sb_credentials_unref (asking.keys);
}

static void
test_not_answered (Fixture *fixture, gconstpointer data)
{
  Asking asking = { .asker = fixture->asker, .kind = "keys" };
  GThread *thread = g_thread_new ("asks", ask_in_thread, &asking);

  press (wait_for_dialog (), "Cancel");
  finish_asking (&asking, thread);
  g_assert_null (asking.keys);
  g_assert_error (asking.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&asking.error);
}

/* Whoever stops a step does not want its question any more. */
static void
test_stopped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Asking asking = { .asker = fixture->asker, .kind = "code", .cancellable = cancellable };
  GThread *thread = g_thread_new ("asks", ask_in_thread, &asking);

  wait_for_dialog ();
  g_cancellable_cancel (cancellable);
  finish_asking (&asking, thread);
  g_assert_error (asking.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (find_dialog ());
  g_clear_error (&asking.error);
}

static void
test_sign_in (Fixture *fixture, gconstpointer data)
{
  SbSignIn sign_in = { .uri = "http://127.0.0.1:1/device", .user_code = "ABCD-EFGH" };
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (GCancellable) again = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  AdwMessageDialog *dialog;

  g_assert_true (sb_asker_begin_sign_in (fixture->asker, "work", &sign_in, stop, &error));
  dialog = wait_for_dialog ();
  g_assert_true (is_shown (GTK_WIDGET (dialog), GTK_TYPE_LABEL, "ABCD-EFGH"));
  g_assert_cmpstr (gtk_link_button_get_uri (
                       GTK_LINK_BUTTON (find (GTK_WIDGET (dialog), GTK_TYPE_LINK_BUTTON, NULL))),
                   ==,
                   sign_in.uri);
  press (dialog, "Cancel");
  g_assert_true (g_cancellable_is_cancelled (stop));
  while (find_dialog () != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (sb_asker_begin_sign_in (fixture->asker, "work", &sign_in, again, &error));
  wait_for_dialog ();
  sb_asker_end_sign_in (fixture->asker);
  while (find_dialog () != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (g_cancellable_is_cancelled (again));
}

static void
on_connect (GSimpleAction *action, GVariant *parameter, char **chosen)
{
  g_free (*chosen);
  *chosen = g_variant_dup_string (parameter, NULL);
}

static void
test_menu (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = adw_window_new ();
  GtkWidget *menu = g_object_ref_sink (g_object_new (SB_TYPE_CONNECTION_MENU, NULL));
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();
  g_autoptr (GSimpleAction) action = g_simple_action_new ("connect", G_VARIANT_TYPE_STRING);
  g_autoptr (SbConnectionInfo) info =
      sb_connection_info_new (SB_CONNECTION_PROFILE, "Work & Co", "eu-central-1");
  g_autofree char *chosen = NULL;
  g_autoptr (GError) error = NULL;
  GtkWidget *row;

  g_signal_connect (action, "activate", G_CALLBACK (on_connect), &chosen);
  g_action_map_add_action (G_ACTION_MAP (group), G_ACTION (action));
  gtk_widget_insert_action_group (window, "app", G_ACTION_GROUP (group));
  adw_window_set_content (ADW_WINDOW (window), menu);
  sb_connection_menu_set_store (SB_CONNECTION_MENU (menu), fixture->store);
  sb_connection_info_set (info, "profile", "work");
  sb_connection_info_set (info, "account", "123456789012");
  sb_connection_info_set (info, "arn", "arn:aws:iam::123456789012:user/me");
  g_assert_true (sb_connection_store_add (fixture->store, info, NULL, NULL, &error));
  g_assert_no_error (error);
  row = find (menu, ADW_TYPE_ACTION_ROW, "Work & Co");
  g_assert_nonnull (row);
  g_assert_cmpstr (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)),
                   ==,
                   "123456789012 · user/me\nEurope (Frankfurt)");
  g_signal_emit_by_name (gtk_widget_get_parent (row), "row-activated", row);
  g_assert_cmpstr (chosen, ==, sb_connection_info_get_id (info));
  sb_connection_menu_set_current (SB_CONNECTION_MENU (menu), chosen);
  g_assert_true (is_shown (menu, GTK_TYPE_LABEL, "Work & Co"));
  gtk_window_destroy (GTK_WINDOW (window));
  g_assert_finalize_object (menu);
}

int
main (int argc, char *argv[])
{
  gtk_test_init (&argc, &argv, NULL);
  /* Later versions of GTK than 4.8 warn of how libadwaita measures the heading of its dialogs. */
  if (gtk_get_minor_version () > 8)
    g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  adw_init ();
#define ADD(name, func)                                                                            \
  g_test_add ("/pages/connections/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("other-server", test_other_server);
  ADD ("wrong-values", test_wrong_values);
  ADD ("code", test_code);
  ADD ("keys", test_keys);
  ADD ("not-answered", test_not_answered);
  ADD ("stopped", test_stopped);
  ADD ("sign-in", test_sign_in);
  ADD ("menu", test_menu);
  return g_test_run ();
}
