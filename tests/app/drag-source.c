/* drag-source.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small window out of which files can be dragged, as a file manager would offer them:
 *
 *   drag-source FILE…
 *
 * With --copy in place of dragging, the clipboard has them; it says "ready" once there is something
 * to take, which a window has once its label has a place, and ends when its standard input does. Of
 * dragging it says "begun", then "taken" or "refused" as often as what lies below the pointer has
 * made up its mind, and "ended".
 */

#include <gio/gunixinputstream.h>
#include <gtk/gtk.h>
#include <stdio.h>
#include <string.h>

#define WIDTH  160
#define HEIGHT 48

static GdkContentProvider *
make_files (int n, char **paths)
{
  GSList *files = NULL;
  GdkContentProvider *provider;
  GdkFileList *list;

  for (int i = n - 1; i >= 0; i--)
    files = g_slist_prepend (files, g_file_new_for_commandline_arg (paths[i]));
  list = gdk_file_list_new_from_list (files);
  provider = gdk_content_provider_new_typed (GDK_TYPE_FILE_LIST, list);
  g_boxed_free (GDK_TYPE_FILE_LIST, list);
  g_slist_free_full (files, g_object_unref);
  return provider;
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  g_main_loop_quit (data);
}

static void
say (const char *what)
{
  puts (what);
  fflush (stdout);
}

static void
on_selected (GdkDrag *drag, GParamSpec *pspec, gpointer data)
{
  say (gdk_drag_get_selected_action (drag) != 0 ? "taken" : "refused");
}

static void
on_drag_begin (GtkDragSource *source, GdkDrag *drag, gpointer data)
{
  g_signal_connect (drag, "notify::selected-action", G_CALLBACK (on_selected), NULL);
  say ("begun");
}

static void
on_drag_end (GtkDragSource *source, GdkDrag *drag, gboolean delete_data, gpointer data)
{
  say ("ended");
}

/* What the pointer does before the label has its place in the window is lost on it. */
static void
on_painted (GdkFrameClock *clock, gpointer label)
{
  if (gtk_widget_get_width (label) == 0)
    return;
  g_signal_handlers_disconnect_by_func (clock, on_painted, label);
  say ("ready");
}

static void
show_window (GdkContentProvider *files)
{
  GtkWidget *window = gtk_window_new (), *label = gtk_label_new ("Drag me");
  GtkDragSource *source = gtk_drag_source_new ();

  gtk_drag_source_set_actions (source, GDK_ACTION_COPY);
  gtk_drag_source_set_content (source, files);
  g_signal_connect (source, "drag-begin", G_CALLBACK (on_drag_begin), NULL);
  g_signal_connect (source, "drag-end", G_CALLBACK (on_drag_end), NULL);
  gtk_widget_add_controller (label, GTK_EVENT_CONTROLLER (source));
  gtk_widget_set_size_request (label, WIDTH, HEIGHT);
  gtk_window_set_decorated (GTK_WINDOW (window), FALSE);
  gtk_window_set_title (GTK_WINDOW (window), "drag-source");
  gtk_window_set_child (GTK_WINDOW (window), label);
  gtk_window_present (GTK_WINDOW (window));
  g_signal_connect (gtk_widget_get_frame_clock (window),
                    "after-paint",
                    G_CALLBACK (on_painted),
                    label);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GInputStream) input = NULL;
  gboolean copy = argc > 1 && strcmp (argv[1], "--copy") == 0;
  g_autoptr (GdkContentProvider) files = NULL;
  char byte;

  if (!gtk_init_check () || argc < (copy ? 3 : 2))
    return 2;
  files = make_files (argc - (copy ? 2 : 1), argv + (copy ? 2 : 1));
  if (copy)
    {
      gdk_clipboard_set_content (gdk_display_get_clipboard (gdk_display_get_default ()), files);
      say ("ready");
    }
  else
    show_window (files);
  input = g_unix_input_stream_new (fileno (stdin), FALSE);
  g_input_stream_read_async (input, &byte, 1, G_PRIORITY_DEFAULT, NULL, on_ended, loop);
  g_main_loop_run (loop);
  return 0;
}
