/* sb-resource-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-resource-row.h"

#include <glib/gi18n.h>

#include "widgets/sb-accessible.h"

/**
 * SbResourceRow:
 *
 * One thing that the workshop has created: whether it is to be deleted, how old it is, what it
 * costs, and how far its deletion has come.
 */
struct _SbResourceRow
{
  AdwActionRow parent_instance;

  SbResourceItem *item;
  char *price; /* of what runs */
  GtkCheckButton *check;
  GtkButton *action;
  GtkStack *state;
  GtkSpinner *spinner;
  GtkImage *icon;
};

enum
{
  SIGNAL_ACTION,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbResourceRow, sb_resource_row, ADW_TYPE_ACTION_ROW)

static char *
describe_age (double created)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local ((gint64) created);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  gint64 seconds = created > 0 ? g_date_time_difference (now, then) / G_USEC_PER_SEC : -1;

  if (seconds < 0)
    return NULL;
  if (seconds < 60)
    return g_strdup (_ ("made just now"));
  if (seconds < 3600)
    return g_strdup_printf (ngettext ("made %d minute ago", "made %d minutes ago", seconds / 60),
                            (int) (seconds / 60));
  if (seconds < 86400)
    return g_strdup_printf (ngettext ("made %d hour ago", "made %d hours ago", seconds / 3600),
                            (int) (seconds / 3600));
  return g_strdup_printf (ngettext ("made %d day ago", "made %d days ago", seconds / 86400),
                          (int) (seconds / 86400));
}

static char *
describe (SbResourceItem *item, const char *price)
{
  g_autofree char *age = describe_age (sb_resource_item_get_created (item));
  const char *status = sb_resource_item_get_status (item);
  const char *type = sb_resource_item_get_instance_type (item);
  g_autofree char *instances =
      type != NULL ? g_strdup_printf ("%u × %s", sb_resource_item_get_n_instances (item), type)
                   : NULL;
  const char *const parts[] = { status, price, instances, age, sb_resource_item_get_run (item) };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i] != NULL)
      g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", parts[i]);
  return g_string_free (text, FALSE);
}

static const char *
get_icon_name (SbResourcePhase phase)
{
  switch (phase)
    {
    case SB_RESOURCE_REMOVED:
      return "emblem-ok-symbolic";
    case SB_RESOURCE_KEPT:
    case SB_RESOURCE_FAILED:
      return "dialog-warning-symbolic";
    case SB_RESOURCE_IDLE:
    case SB_RESOURCE_QUEUED:
    case SB_RESOURCE_REMOVING:
    default:
      return NULL;
    }
}

static const char *
get_phase_title (SbResourcePhase phase)
{
  const char *const titles[] = {
    NULL, _ ("Waits"), _ ("Being deleted"), _ ("Deleted"), _ ("Kept"), _ ("Not deleted"),
  };

  return titles[phase];
}

static void
on_phase (SbResourceItem *item, GParamSpec *pspec, SbResourceRow *self)
{
  SbResourcePhase phase = sb_resource_item_get_phase (item);
  const char *message = sb_resource_item_get_message (item);
  const char *icon = get_icon_name (phase);
  g_autofree char *text = message != NULL ? g_strdup (message) : describe (item, self->price);

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), text);
  gtk_spinner_set_spinning (self->spinner, phase == SB_RESOURCE_REMOVING);
  gtk_image_set_from_icon_name (self->icon, icon);
  gtk_stack_set_visible_child_name (self->state,
                                    phase == SB_RESOURCE_REMOVING ? "spinner" : "icon");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->state), get_phase_title (phase));
  sb_accessible_set_name (self->state, phase != SB_RESOURCE_IDLE ? get_phase_title (phase) : "");
  gtk_widget_set_sensitive (GTK_WIDGET (self->check),
                            phase == SB_RESOURCE_IDLE || phase == SB_RESOURCE_FAILED);
  gtk_widget_set_sensitive (GTK_WIDGET (self->action), phase == SB_RESOURCE_IDLE);
}

static void
on_action (GtkButton *button, SbResourceRow *self)
{
  g_signal_emit (self, signals[SIGNAL_ACTION], 0);
}

static void
sb_resource_row_dispose (GObject *object)
{
  SbResourceRow *self = SB_RESOURCE_ROW (object);

  g_clear_object (&self->item);
  G_OBJECT_CLASS (sb_resource_row_parent_class)->dispose (object);
}

static void
sb_resource_row_finalize (GObject *object)
{
  g_free (SB_RESOURCE_ROW (object)->price);
  G_OBJECT_CLASS (sb_resource_row_parent_class)->finalize (object);
}

static void
sb_resource_row_class_init (SbResourceRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_resource_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_resource_row_finalize;
  /**
   * SbResourceRow::action:
   *
   * The row's own button was clicked.
   */
  signals[SIGNAL_ACTION] = g_signal_new (
      "action", SB_TYPE_RESOURCE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-resource-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SbResourceRow, check);
  gtk_widget_class_bind_template_child (widget_class, SbResourceRow, action);
  gtk_widget_class_bind_template_child (widget_class, SbResourceRow, state);
  gtk_widget_class_bind_template_child (widget_class, SbResourceRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, SbResourceRow, icon);
  gtk_widget_class_bind_template_callback (widget_class, on_action);
}

static void
sb_resource_row_init (SbResourceRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * sb_resource_row_new:
 * @item: what it shows
 * @price: (nullable): what it costs, if it runs
 *
 * Returns: a row
 */
GtkWidget *
sb_resource_row_new (SbResourceItem *item, const char *price)
{
  SbResourceRow *self = g_object_new (SB_TYPE_RESOURCE_ROW, NULL);
  const char *name = sb_resource_item_get_name (item);
  g_autofree char *check = g_strdup_printf (_ ("Delete %s"), name);

  self->price = g_strdup (price);
  self->item = g_object_ref (item);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), name);
  sb_accessible_set_name (self->check, check);
  g_object_bind_property (
      item, "selected", self->check, "active", G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
  g_signal_connect_object (item, "notify::phase", G_CALLBACK (on_phase), self, 0);
  on_phase (item, NULL, self);
  return GTK_WIDGET (self);
}

SbResourceItem *
sb_resource_row_get_item (SbResourceRow *self)
{
  return self->item;
}

/**
 * sb_resource_row_set_action:
 * @self: a row
 * @label: (nullable): what its button says; %NULL for no button
 */
void
sb_resource_row_set_action (SbResourceRow *self, const char *label)
{
  g_autofree char *name =
      label != NULL ? g_strdup_printf ("%s: %s", label, sb_resource_item_get_name (self->item))
                    : NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->action), label != NULL);
  if (label == NULL)
    return;
  gtk_button_set_label (self->action, label);
  sb_accessible_set_name (self->action, name);
}
