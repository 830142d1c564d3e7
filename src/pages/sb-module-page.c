/* sb-module-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-module-page.h"

#include <glib/gi18n.h>

#include "pages/sb-step-card.h"

/**
 * SbModulePage:
 *
 * A module: what it is about, and the cards of its steps.
 */
struct _SbModulePage
{
  AdwBin parent_instance;

  SbRun *run;
  GtkLabel *title;
  GtkLabel *summary;
  GtkButton *run_all_button;
  GtkBox *cards;
};

G_DEFINE_FINAL_TYPE (SbModulePage, sb_module_page, ADW_TYPE_BIN)

SbRun *
sb_module_page_get_run (SbModulePage *self)
{
  return self->run;
}

static void
on_executed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  /* The card of the step that failed says why. */
  if (!sb_run_execute_finish (SB_RUN (source), result, &error))
    g_debug ("%s", error->message);
}

/**
 * sb_module_page_run_all:
 * @self: a page
 *
 * Runs every step that is not done, or stops what runs.
 */
void
sb_module_page_run_all (SbModulePage *self)
{
  if (sb_run_get_running (self->run))
    sb_run_stop (self->run);
  else
    sb_run_execute_all_async (self->run, SB_RUN_DEFAULT, on_executed, NULL);
}

static void
on_run_all (GtkButton *button, SbModulePage *self)
{
  sb_module_page_run_all (self);
}

static void
on_running (SbRun *run, GParamSpec *pspec, SbModulePage *self)
{
  gtk_button_set_label (self->run_all_button,
                        sb_run_get_running (run) ? _ ("Stop") : _ ("Run All"));
}

/* Ctrl+Enter runs the step that has the focus. */
static gboolean
run_focused (GtkWidget *widget, GVariant *args, gpointer data)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  GtkWidget *card = focus != NULL ? gtk_widget_get_ancestor (focus, SB_TYPE_STEP_CARD) : NULL;
  GtkWidget *next;

  if (card == NULL)
    return FALSE;
  sb_step_card_run (SB_STEP_CARD (card));
  next = gtk_widget_get_next_sibling (card);
  if (g_variant_get_boolean (args) && next != NULL)
    gtk_widget_child_focus (next, GTK_DIR_TAB_FORWARD);
  return TRUE;
}

static void
sb_module_page_dispose (GObject *object)
{
  SbModulePage *self = SB_MODULE_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_MODULE_PAGE);
  g_clear_object (&self->run);
  G_OBJECT_CLASS (sb_module_page_parent_class)->dispose (object);
}

static void
sb_module_page_class_init (SbModulePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_module_page_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-module-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SbModulePage, title);
  gtk_widget_class_bind_template_child (widget_class, SbModulePage, summary);
  gtk_widget_class_bind_template_child (widget_class, SbModulePage, run_all_button);
  gtk_widget_class_bind_template_child (widget_class, SbModulePage, cards);
  gtk_widget_class_bind_template_callback (widget_class, on_run_all);
  gtk_widget_class_add_binding (
      widget_class, GDK_KEY_Return, GDK_CONTROL_MASK, run_focused, "b", FALSE);
  gtk_widget_class_add_binding (
      widget_class, GDK_KEY_Return, GDK_SHIFT_MASK, run_focused, "b", TRUE);
}

static void
sb_module_page_init (SbModulePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * sb_module_page_new:
 * @run: a run
 *
 * Returns: the page of its module
 */
GtkWidget *
sb_module_page_new (SbRun *run)
{
  SbModulePage *self = g_object_new (SB_TYPE_MODULE_PAGE, NULL);
  GListModel *steps = sb_run_get_steps (run);

  self->run = g_object_ref (run);
  gtk_label_set_label (self->title, sb_module_get_title (sb_run_get_module (run)));
  gtk_label_set_label (self->summary, sb_module_get_summary (sb_run_get_module (run)));
  for (guint i = 0; i < g_list_model_get_n_items (steps); i++)
    {
      g_autoptr (SbStep) step = g_list_model_get_item (steps, i);

      gtk_box_append (self->cards, sb_step_card_new (step));
    }
  g_signal_connect_object (run, "notify::running", G_CALLBACK (on_running), self, 0);
  on_running (run, NULL, self);
  return GTK_WIDGET (self);
}
