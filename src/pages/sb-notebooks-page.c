/* sb-notebooks-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-notebooks-page.h"

#include <string.h>

#include "pages/sb-notebook-panel.h"
#include "pages/sb-page-frame.h"
#include "wire/sb-json.h"
#include "workshop/sb-notebook.h"

/**
 * SbNotebooksPage:
 *
 * The notebook instances of a connection, each with what can be done with it.
 */
struct _SbNotebooksPage
{
  AdwBin parent_instance;

  SbClient *client;
  GCancellable *cancellable;
  gboolean busy;
  SbPageFrame *frame;
  GtkWidget *none;
  GtkBox *panels;
};

G_DEFINE_FINAL_TYPE (SbNotebooksPage, sb_notebooks_page, ADW_TYPE_BIN)

static GtkWidget *
find_panel (SbNotebooksPage *self, const char *name)
{
  GtkWidget *panel = gtk_widget_get_first_child (GTK_WIDGET (self->panels));

  while (panel != NULL && strcmp (gtk_widget_get_name (panel), name) != 0)
    panel = gtk_widget_get_next_sibling (panel);
  return panel;
}

static gboolean
is_listed (GPtrArray *notebooks, const char *name)
{
  for (guint i = 0; i < notebooks->len; i++)
    if (strcmp (sb_json_get_string (notebooks->pdata[i], "NotebookInstanceName", ""), name) == 0)
      return TRUE;
  return FALSE;
}

static void
remove_gone (SbNotebooksPage *self, GPtrArray *notebooks)
{
  GtkWidget *panel = gtk_widget_get_first_child (GTK_WIDGET (self->panels));

  while (panel != NULL)
    {
      GtkWidget *next = gtk_widget_get_next_sibling (panel);

      if (!is_listed (notebooks, gtk_widget_get_name (panel)))
        gtk_box_remove (self->panels, panel);
      panel = next;
    }
}

/* Panels stay while their notebooks do: they ask about them themselves. */
static void
show_notebooks (SbNotebooksPage *self, GPtrArray *notebooks)
{
  remove_gone (self, notebooks);
  for (guint i = 0; i < notebooks->len; i++)
    {
      const char *name = sb_json_get_string (notebooks->pdata[i], "NotebookInstanceName", "");
      GtkWidget *panel;

      if (find_panel (self, name) != NULL)
        continue;
      panel = sb_notebook_panel_new (self->client, name);
      gtk_widget_set_name (panel, name);
      gtk_box_append (self->panels, panel);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->panels), notebooks->len > 0);
  gtk_widget_set_visible (self->none, notebooks->len == 0);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  SbNotebooksPage *self = SB_NOTEBOOKS_PAGE (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) notebooks = g_task_propagate_pointer (G_TASK (result), &error);

  self->busy = FALSE;
  if (self->frame == NULL)
    return;
  sb_page_frame_set_busy (self->frame, FALSE);
  sb_page_frame_set_error (self->frame, error);
  if (notebooks != NULL)
    show_notebooks (self, notebooks);
}

static void
list_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *notebooks = sb_notebook_list (data, cancellable, &error);

  if (notebooks != NULL)
    g_task_return_pointer (task, notebooks, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
on_refresh (SbNotebooksPage *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->busy)
    return;
  self->busy = TRUE;
  sb_page_frame_set_busy (self->frame, TRUE);
  task = g_task_new (self, self->cancellable, on_listed, NULL);
  g_task_set_source_tag (task, on_refresh);
  g_task_set_task_data (task, g_object_ref (self->client), g_object_unref);
  g_task_run_in_thread (task, list_in_thread);
}

/* The service was asked what there is, as it is when something was started or deleted. */
static void
on_busy (SbResources *resources, GParamSpec *pspec, SbNotebooksPage *self)
{
  if (!sb_resources_get_busy (resources) && gtk_widget_get_mapped (GTK_WIDGET (self)))
    on_refresh (self);
}

static void
sb_notebooks_page_dispose (GObject *object)
{
  SbNotebooksPage *self = SB_NOTEBOOKS_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  /* The frame is a child and is bound: nobody else may unparent it. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_NOTEBOOKS_PAGE);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sb_notebooks_page_parent_class)->dispose (object);
}

static void
sb_notebooks_page_finalize (GObject *object)
{
  g_object_unref (SB_NOTEBOOKS_PAGE (object)->cancellable);
  G_OBJECT_CLASS (sb_notebooks_page_parent_class)->finalize (object);
}

static void
sb_notebooks_page_class_init (SbNotebooksPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_notebooks_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_notebooks_page_finalize;
  g_type_ensure (SB_TYPE_PAGE_FRAME);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-notebooks-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SbNotebooksPage, frame);
  gtk_widget_class_bind_template_child (widget_class, SbNotebooksPage, none);
  gtk_widget_class_bind_template_child (widget_class, SbNotebooksPage, panels);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
}

static void
sb_notebooks_page_init (SbNotebooksPage *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * sb_notebooks_page_new:
 * @resources: what there is on a connection
 *
 * Returns: the page; it asks nothing before it is shown
 */
GtkWidget *
sb_notebooks_page_new (SbResources *resources)
{
  SbNotebooksPage *self = g_object_new (SB_TYPE_NOTEBOOKS_PAGE, NULL);

  self->client = sb_client_new (sb_resources_get_connection (resources), NULL);
  g_signal_connect_object (resources, "notify::busy", G_CALLBACK (on_busy), self, 0);
  return GTK_WIDGET (self);
}
