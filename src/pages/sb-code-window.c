/* sb-code-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a step has done, or any calls, as a person would write it: boto3, AWS CLI, and the calls
 * themselves.
 */

#include "config.h"

#include "pages/sb-code-window.h"

#include <glib/gi18n.h>

#include "cloud/sb-code.h"
#include "pages/sb-source.h"
#include "pages/sb-subwindow.h"
#include "widgets/sb-accessible.h"
#include "wire/sb-json.h"

static void
on_copy (GtkButton *button, gpointer data)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button)),
                          g_object_get_data (G_OBJECT (button), "sb-text"));
}

static GtkWidget *
make_page (const char *text, const char *name, const char *language)
{
  g_autoptr (GtkSourceBuffer) buffer = sb_source_buffer_new (text, language);
  GtkWidget *view = sb_source_view_new (buffer, name);
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *copy = gtk_button_new_from_icon_name ("edit-copy-symbolic");
  GtkWidget *overlay = gtk_overlay_new ();

  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  gtk_widget_set_vexpand (scroller, TRUE);
  gtk_widget_set_halign (copy, GTK_ALIGN_END);
  gtk_widget_set_valign (copy, GTK_ALIGN_START);
  gtk_widget_set_margin_top (copy, 12);
  gtk_widget_set_margin_end (copy, 18);
  gtk_widget_set_tooltip_text (copy, _ ("Copy"));
  sb_accessible_set_name (copy, _ ("Copy"));
  g_object_set_data_full (G_OBJECT (copy), "sb-text", g_strdup (text), g_free);
  g_signal_connect (copy, "clicked", G_CALLBACK (on_copy), NULL);
  gtk_overlay_set_child (GTK_OVERLAY (overlay), scroller);
  gtk_overlay_add_overlay (GTK_OVERLAY (overlay), copy);
  return overlay;
}

static char *
list_calls (GPtrArray *entries)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < entries->len; i++)
    {
      g_autofree char *json =
          sb_json_to_pretty_string (sb_journal_entry_get_json (entries->pdata[i]));

      g_string_append_printf (text, "%s\n", json);
    }
  return g_string_free (text, FALSE);
}

static GPtrArray *
find_entries (SbStep *step)
{
  SbRun *run = sb_step_get_run (step);

  return sb_journal_dup_entries (sb_client_get_journal (sb_run_get_client (run)),
                                 sb_module_get_id (sb_run_get_module (run)),
                                 sb_run_get_id (run),
                                 sb_step_get_id (step));
}

static void
close_with_escape (GtkWidget *window)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                        gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape,
                                                                                  0),
                                                          gtk_named_action_new ("window.close")));
  gtk_widget_add_controller (window, controller);
}

/**
 * sb_code_window_show_entries:
 * @parent: a widget of the window that it belongs to
 * @title: what they have done
 * @entries: (element-type SbJournalEntry): calls, oldest first
 * @connection: what they were made on
 *
 * Shows the code of these calls.
 */
void
sb_code_window_show_entries (GtkWidget *parent,
                             const char *title,
                             GPtrArray *entries,
                             SbConnection *connection)
{
  const char *region = sb_connection_get_region (connection);
  const char *url = sb_connection_get_endpoint_url (connection);
  g_autofree char *boto3 = sb_code_generate (entries, SB_CODE_BOTO3, region, url);
  g_autofree char *cli = sb_code_generate (entries, SB_CODE_CLI, region, url);
  g_autofree char *notebook = sb_code_generate (entries, SB_CODE_NOTEBOOK, region, url);
  g_autofree char *calls = list_calls (entries);
  GtkWidget *window = adw_window_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *header = adw_header_bar_new ();
  AdwViewStack *stack = ADW_VIEW_STACK (adw_view_stack_new ());
  GtkWidget *switcher = adw_view_switcher_title_new ();

  adw_view_stack_add_titled_with_icon (
      stack, make_page (boto3, "boto3", "python3"), "boto3", "boto3", "text-x-script-symbolic");
  adw_view_stack_add_titled_with_icon (
      stack, make_page (cli, "AWS CLI", "sh"), "cli", "AWS CLI", "utilities-terminal-symbolic");
  adw_view_stack_add_titled_with_icon (stack,
                                       make_page (notebook, _ ("Notebook"), "json"),
                                       "notebook",
                                       _ ("Notebook"),
                                       "x-office-document-symbolic");
  adw_view_stack_add_titled_with_icon (
      stack, make_page (calls, _ ("Calls"), "json"), "calls", _ ("Calls"), "view-list-symbolic");
  adw_view_switcher_title_set_stack (ADW_VIEW_SWITCHER_TITLE (switcher), stack);
  adw_view_switcher_title_set_title (ADW_VIEW_SWITCHER_TITLE (switcher), title);
  adw_header_bar_set_title_widget (ADW_HEADER_BAR (header), switcher);
  gtk_box_append (GTK_BOX (box), header);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (stack));
  adw_window_set_content (ADW_WINDOW (window), box);
  gtk_window_set_title (GTK_WINDOW (window), title);
  gtk_window_set_default_size (GTK_WINDOW (window), 760, 560);
  close_with_escape (window);
  sb_subwindow_present (GTK_WINDOW (window), parent);
}

/**
 * sb_code_window_show:
 * @parent: a widget of the window that it belongs to
 * @step: a step
 *
 * Shows the code of what the step has done.
 */
void
sb_code_window_show (GtkWidget *parent, SbStep *step)
{
  g_autoptr (GPtrArray) entries = find_entries (step);

  sb_code_window_show_entries (parent,
                               sb_step_get_title (step),
                               entries,
                               sb_run_get_connection (sb_step_get_run (step)));
}
