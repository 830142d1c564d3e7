/* sb-notebook-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A Jupyter notebook to be read: its cells, and what came of them.
 */

#include "config.h"

#include "pages/sb-notebook-window.h"

#include <glib/gi18n.h>

#include "pages/sb-markdown.h"
#include "pages/sb-source.h"
#include "pages/sb-subwindow.h"
#include "widgets/sb-accessible.h"
#include "workshop/sb-notebook-file.h"
#include "workshop/sb-notebook-instance.h"

#define WIDTH  900
#define MARGIN 12
#define SPACE  18
/* Of a longer text the beginning is shown. */
#define MAX_TEXT 20000

static GtkWidget *
make_text (const char *text, gboolean failed)
{
  GtkWidget *label = gtk_label_new (NULL);
  glong length = g_utf8_strlen (text, -1);
  g_autofree char *cut = length > MAX_TEXT ? g_utf8_substring (text, 0, MAX_TEXT) : g_strdup (text);

  g_strchomp (cut);
  gtk_label_set_text (GTK_LABEL (label), cut);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "monospace");
  if (failed)
    gtk_widget_add_css_class (label, "error");
  gtk_widget_set_margin_start (label, MARGIN);
  return label;
}

static GtkWidget *
make_image (GBytes *bytes, const char *text)
{
  g_autoptr (GdkTexture) texture = gdk_texture_new_from_bytes (bytes, NULL);
  const char *name = text != NULL ? text : _ ("Image");
  GtkWidget *picture, *clamp;
  int width;

  if (texture == NULL)
    return make_text (_ ("An image that cannot be read"), TRUE);
  picture = gtk_picture_new_for_paintable (GDK_PAINTABLE (texture));
  gtk_picture_set_alternative_text (GTK_PICTURE (picture), name);
  sb_accessible_set_name (picture, name);
  /* Never larger than it is, and smaller where the window is. */
  width = gdk_texture_get_width (texture);
  clamp = adw_clamp_new ();
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), width);
  adw_clamp_set_tightening_threshold (ADW_CLAMP (clamp), width);
  adw_clamp_set_child (ADW_CLAMP (clamp), picture);
  gtk_widget_set_halign (clamp, GTK_ALIGN_START);
  gtk_widget_set_margin_start (clamp, MARGIN);
  return clamp;
}

static void
add_code (GtkBox *box, const SbNotebookCell *cell, const char *language)
{
  g_autoptr (GtkSourceBuffer) buffer = sb_source_buffer_new (cell->source, language);
  g_autofree char *name = cell->count > 0 ? g_strdup_printf (_ ("Cell %u"), cell->count)
                                          : g_strdup (_ ("Cell that has not run"));
  GtkWidget *view = sb_source_view_new (buffer, name);
  GtkWidget *scroller = gtk_scrolled_window_new ();

  gtk_widget_add_css_class (view, "card");
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller),
                                  GTK_POLICY_AUTOMATIC,
                                  GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  gtk_widget_add_css_class (scroller, "card");
  gtk_box_append (box, scroller);
}

static void
add_cell (GtkBox *box, const SbNotebookCell *cell, const char *language)
{
  if (cell->kind == SB_NOTEBOOK_MARKDOWN)
    gtk_box_append (box, sb_markdown_new (cell->source));
  else if (cell->kind == SB_NOTEBOOK_RAW)
    gtk_box_append (box, make_text (cell->source, FALSE));
  else
    add_code (box, cell, language);
  for (guint i = 0; i < cell->outputs->len; i++)
    {
      const SbNotebookOutput *output = cell->outputs->pdata[i];

      gtk_box_append (box,
                      output->image != NULL ? make_image (output->image, output->text)
                                            : make_text (output->text, output->failed));
    }
}

static GtkWidget *
make_content (const SbNotebookFile *file)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *port = gtk_viewport_new (NULL, NULL);
  GtkWidget *clamp = adw_clamp_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, SPACE);
  const char *language = g_str_has_prefix (file->language, "python") ? "python3" : file->language;

  for (guint i = 0; i < file->cells->len; i++)
    add_cell (GTK_BOX (box), file->cells->pdata[i], language);
  if (file->cells->len == 0)
    gtk_box_append (GTK_BOX (box), make_text (_ ("This notebook is empty."), FALSE));
  gtk_widget_set_margin_top (box, SPACE);
  gtk_widget_set_margin_bottom (box, SPACE);
  gtk_widget_set_margin_start (box, MARGIN);
  gtk_widget_set_margin_end (box, MARGIN);
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), WIDTH);
  adw_clamp_set_child (ADW_CLAMP (clamp), box);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller),
                                  GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  /* The least that pictures can do with is nothing. */
  gtk_scrollable_set_vscroll_policy (GTK_SCROLLABLE (port), GTK_SCROLL_NATURAL);
  gtk_viewport_set_child (GTK_VIEWPORT (port), clamp);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), port);
  gtk_widget_set_vexpand (scroller, TRUE);
  return scroller;
}

/* What the button has to know. */
typedef struct
{
  SbRun *run;
  char *path;
  GtkWindow *window; /* NULL once it is closed */
  GtkLabel *message;
  GCancellable *cancellable;
} Reader;

static void
reader_free (gpointer data)
{
  Reader *self = data;

  g_object_unref (self->run);
  g_object_unref (self->cancellable);
  g_free (self->path);
  g_free (self);
}

static void
tell (Reader *self, const char *text, gboolean failed)
{
  gtk_label_set_label (self->message, text);
  gtk_widget_set_visible (GTK_WIDGET (self->message), *text != '\0');
  if (failed)
    gtk_widget_add_css_class (GTK_WIDGET (self->message), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->message), "error");
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GtkWidget) button = data;
  Reader *self = g_object_get_data (G_OBJECT (button), "sb-reader");
  g_autoptr (GError) error = NULL;
  g_autofree char *url = sb_notebook_instance_open_finish (SB_RUN (source), result, &error);

  /* The window has been closed. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->window == NULL)
    return;
  gtk_widget_set_sensitive (button, TRUE);
  tell (self, error != NULL ? error->message : "", error != NULL);
  if (url != NULL)
    gtk_show_uri (self->window, url, GDK_CURRENT_TIME);
}

static void
on_open (GtkButton *button, Reader *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (button), FALSE);
  tell (self, _ ("Opening it in the notebook instance"), FALSE);
  sb_notebook_instance_open_async (
      self->run, self->path, self->cancellable, on_opened, g_object_ref (button));
}

static void
on_destroy (GtkWidget *button, Reader *self)
{
  self->window = NULL;
  g_cancellable_cancel (self->cancellable);
}

/* On this computer there is nothing to open it in unless Jupyter is installed. */
static gboolean
has_jupyter (SbRun *run)
{
  g_autofree char *program = g_find_program_in_path ("jupyter-notebook");

  return sb_connection_get_endpoint_url (sb_run_get_connection (run)) == NULL || program != NULL ||
         g_getenv ("SAGEBRUSH_JUPYTER") != NULL;
}

static GtkWidget *
make_header (SbRun *run, const char *path, GtkWindow *window, GtkLabel *message)
{
  GtkWidget *header = adw_header_bar_new ();
  GtkWidget *button;
  Reader *self;

  if (run == NULL || !has_jupyter (run))
    return header;
  self = g_new0 (Reader, 1);
  self->run = g_object_ref (run);
  self->path = g_strdup (path);
  self->window = window;
  self->message = message;
  self->cancellable = g_cancellable_new ();
  button = gtk_button_new_with_mnemonic (_ ("Open in _Jupyter"));
  gtk_widget_set_tooltip_text (
      button, _ ("Upload it to a new folder of the notebook instance, and open it there"));
  g_object_set_data_full (G_OBJECT (button), "sb-reader", self, reader_free);
  g_signal_connect (button, "clicked", G_CALLBACK (on_open), self);
  g_signal_connect (button, "destroy", G_CALLBACK (on_destroy), self);
  adw_header_bar_pack_start (ADW_HEADER_BAR (header), button);
  return header;
}

static GtkLabel *
make_message (void)
{
  GtkWidget *message = gtk_label_new (NULL);

  gtk_label_set_wrap (GTK_LABEL (message), TRUE);
  gtk_widget_set_margin_top (message, MARGIN);
  gtk_widget_set_margin_start (message, MARGIN);
  gtk_widget_set_margin_end (message, MARGIN);
  gtk_widget_set_visible (message, FALSE);
  return GTK_LABEL (message);
}

static void
add_shortcuts (GtkWidget *window)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys),
                                        gtk_shortcut_new (gtk_shortcut_trigger_parse_string (
                                                              "<Control>w"),
                                                          gtk_named_action_new ("window.close")));
  gtk_widget_add_controller (window, keys);
}

/**
 * sb_notebook_window_show:
 * @parent: a widget of the window that it belongs to
 * @run: (nullable): a run of the connection in whose notebook instance it can be opened
 * @path: an .ipynb file
 * @error: why it cannot be shown, see sb_notebook_file_load()
 *
 * Shows a notebook in a window of its own, which changes nothing in it.
 *
 * Returns: whether it is shown
 */
gboolean
sb_notebook_window_show (GtkWidget *parent, SbRun *run, const char *path, GError **error)
{
  g_autoptr (SbNotebookFile) file = sb_notebook_file_load (path, error);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_filename_display_name (base);
  GtkWidget *window, *box;
  GtkLabel *message;

  if (file == NULL)
    return FALSE;
  window = adw_window_new ();
  box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  message = make_message ();
  gtk_box_append (GTK_BOX (box), make_header (run, path, GTK_WINDOW (window), message));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (message));
  gtk_box_append (GTK_BOX (box), make_content (file));
  adw_window_set_content (ADW_WINDOW (window), box);
  add_shortcuts (window);
  gtk_window_set_title (GTK_WINDOW (window), name);
  gtk_window_set_default_size (GTK_WINDOW (window), 760, 680);
  sb_subwindow_present (GTK_WINDOW (window), parent);
  return TRUE;
}
