/* sb-module-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-module-row.h"

/**
 * SbModuleRow:
 *
 * A module in the sidebar, and how far the person has come in it.
 */
struct _SbModuleRow
{
  GtkListBoxRow parent_instance;

  SbModule *module;
  GSignalGroup *run;
  GtkImage *icon;
  GtkLabel *title;
  GtkLabel *progress;
};

G_DEFINE_FINAL_TYPE (SbModuleRow, sb_module_row, GTK_TYPE_LIST_BOX_ROW)

static void
on_n_done (SbRun *run, GParamSpec *pspec, SbModuleRow *self)
{
  guint done = sb_run_get_n_done (run);
  guint all = sb_run_get_n_wanted (run);
  g_autofree char *text = done == all ? g_strdup ("✓") : g_strdup_printf ("%u/%u", done, all);

  gtk_label_set_label (self->progress, text);
}

static void
on_bind (GSignalGroup *group, SbRun *run, SbModuleRow *self)
{
  on_n_done (run, NULL, self);
}

/**
 * sb_module_row_get_module:
 * @self: a row
 *
 * Returns: (transfer none): what it shows
 */
SbModule *
sb_module_row_get_module (SbModuleRow *self)
{
  return self->module;
}

/**
 * sb_module_row_set_run:
 * @self: a row
 * @run: a run of its module
 *
 * From now on the row shows how far that one has come.
 */
void
sb_module_row_set_run (SbModuleRow *self, SbRun *run)
{
  g_signal_group_set_target (self->run, run);
}

static void
sb_module_row_dispose (GObject *object)
{
  SbModuleRow *self = SB_MODULE_ROW (object);

  g_clear_object (&self->run);
  g_clear_object (&self->module);
  G_OBJECT_CLASS (sb_module_row_parent_class)->dispose (object);
}

static void
sb_module_row_class_init (SbModuleRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_module_row_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-module-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SbModuleRow, icon);
  gtk_widget_class_bind_template_child (widget_class, SbModuleRow, title);
  gtk_widget_class_bind_template_child (widget_class, SbModuleRow, progress);
}

static void
sb_module_row_init (SbModuleRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->run = g_signal_group_new (SB_TYPE_RUN);
  g_signal_group_connect (self->run, "notify::n-done", G_CALLBACK (on_n_done), self);
  g_signal_connect_object (self->run, "bind", G_CALLBACK (on_bind), self, 0);
}

/**
 * sb_module_row_new:
 * @module: a module
 *
 * Returns: (transfer floating): its row
 */
GtkWidget *
sb_module_row_new (SbModule *module)
{
  SbModuleRow *self = g_object_new (SB_TYPE_MODULE_ROW, NULL);
  const char *icon = sb_module_get_icon_name (module);

  self->module = g_object_ref (module);
  if (icon != NULL && *icon != '\0')
    gtk_image_set_from_icon_name (self->icon, icon);
  gtk_label_set_label (self->title, sb_module_get_title (module));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  sb_module_get_title (module),
                                  -1);
  return GTK_WIDGET (self);
}
