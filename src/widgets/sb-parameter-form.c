/* sb-parameter-form.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-parameter-form.h"

#include <glib/gi18n.h>
#include <string.h>

#include "widgets/sb-accessible.h"

/**
 * SbParameterForm:
 *
 * A row for each parameter, made from its description. A value that is not allowed is marked in its
 * row, with the reason, and is not told.
 */
struct _SbParameterForm
{
  AdwBin parent_instance;

  AdwPreferencesGroup *group;
  AdwExpanderRow *more;
  GHashTable *rows;  /* (element-type utf8 GtkWidget): by the name of their parameter; not owned */
  GHashTable *wrong; /* names of the rows that are wrong */
};

enum
{
  PROP_0,
  PROP_VALID,
  N_PROPS
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbParameterForm, sb_parameter_form, ADW_TYPE_BIN)

gboolean
sb_parameter_form_get_valid (SbParameterForm *self)
{
  return g_hash_table_size (self->wrong) == 0;
}

static char *
describe (const SbParameter *parameter, const char *default_value)
{
  g_autofree char *range =
      parameter->values == NULL ? sb_parameter_describe_range (parameter) : g_strdup ("");
  g_autoptr (GString) text =
      g_string_new (parameter->description != NULL ? parameter->description : "");

  if (*range != '\0')
    g_string_append_printf (text, _ (" Allowed: %s."), range);
  if (default_value != NULL && parameter->values == NULL)
    g_string_append_printf (text, _ (" Default: %s."), default_value);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
mark (SbParameterForm *self, GtkWidget *row, const SbParameter *parameter, const GError *error)
{
  gboolean before = sb_parameter_form_get_valid (self);

  if (error != NULL)
    {
      g_hash_table_add (self->wrong, parameter->name);
      gtk_widget_add_css_class (row, "error");
      gtk_widget_set_tooltip_text (row, error->message);
    }
  else
    {
      g_hash_table_remove (self->wrong, parameter->name);
      gtk_widget_remove_css_class (row, "error");
      gtk_widget_set_tooltip_text (row, g_object_get_data (G_OBJECT (row), "sb-description"));
    }
  if (before != sb_parameter_form_get_valid (self))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALID]);
}

static void
take (SbParameterForm *self, GtkWidget *row, const char *value)
{
  const SbParameter *parameter = g_object_get_data (G_OBJECT (row), "sb-parameter");
  g_autoptr (GError) error = NULL;

  sb_parameter_check (parameter, value, &error);
  mark (self, row, parameter, error);
  if (error == NULL)
    g_signal_emit (
        self, signals[SIGNAL_CHANGED], 0, parameter->name, *value != '\0' ? value : NULL);
}

static void
on_text (GtkEditable *row, SbParameterForm *self)
{
  take (self, GTK_WIDGET (row), gtk_editable_get_text (row));
}

static void
on_selected (AdwComboRow *row, GParamSpec *pspec, SbParameterForm *self)
{
  const SbParameter *parameter = g_object_get_data (G_OBJECT (row), "sb-parameter");
  guint selected = adw_combo_row_get_selected (row);

  if (selected != GTK_INVALID_LIST_POSITION)
    take (self, GTK_WIDGET (row), parameter->values[selected]);
}

static void
select_word (AdwComboRow *row, const SbParameter *parameter, const char *value)
{
  for (guint i = 0; parameter->values[i] != NULL; i++)
    if (g_strcmp0 (parameter->values[i], value) == 0)
      adw_combo_row_set_selected (row, i);
}

static GtkWidget *
make_combo (const SbParameter *parameter, const char *value)
{
  GtkWidget *row = adw_combo_row_new ();
  g_autoptr (GtkStringList) list = gtk_string_list_new (
      (const char *const *) (parameter->value_titles != NULL ? parameter->value_titles
                                                             : parameter->values));

  adw_combo_row_set_model (ADW_COMBO_ROW (row), G_LIST_MODEL (list));
  select_word (ADW_COMBO_ROW (row), parameter, value);
  return row;
}

/* What is not asked for at first comes last. */
static void
add_basic (SbParameterForm *self, GtkWidget *row)
{
  GtkWidget *more = GTK_WIDGET (self->more);

  adw_preferences_group_add (self->group, row);
  if (more == NULL)
    return;
  g_object_ref (more);
  adw_preferences_group_remove (self->group, more);
  adw_preferences_group_add (self->group, more);
  g_object_unref (more);
}

static void
set_description (GtkWidget *row, const SbParameter *parameter, const char *default_value)
{
  char *description = describe (parameter, default_value);

  gtk_widget_set_tooltip_text (row, description);
  g_object_set_data_full (G_OBJECT (row), "sb-description", description, g_free);
}

/**
 * sb_parameter_form_add:
 * @self: a form
 * @parameter: what the row is about; has to outlive the form
 * @value: (nullable): its value
 * @default_value: (nullable): what it is when it is left empty
 */
void
sb_parameter_form_add (SbParameterForm *self,
                       const SbParameter *parameter,
                       const char *value,
                       const char *default_value)
{
  gboolean words = parameter->values != NULL && !parameter->list;
  GtkWidget *row = words ? make_combo (parameter, value) : adw_entry_row_new ();
  const char *title = parameter->title != NULL ? parameter->title : parameter->name;

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  set_description (row, parameter, default_value);
  g_hash_table_insert (self->rows, parameter->name, row);
  g_object_set_data (G_OBJECT (row), "sb-parameter", (gpointer) parameter);
  sb_accessible_set_name (row, title);
  if (words)
    g_signal_connect (row, "notify::selected", G_CALLBACK (on_selected), self);
  else
    {
      gtk_editable_set_text (GTK_EDITABLE (row), value != NULL ? value : "");
      g_signal_connect (row, "changed", G_CALLBACK (on_text), self);
    }
  if (parameter->basic)
    {
      add_basic (self, row);
      return;
    }
  if (self->more == NULL)
    {
      self->more = ADW_EXPANDER_ROW (adw_expander_row_new ());
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->more), _ ("More Parameters"));
      adw_preferences_group_add (self->group, GTK_WIDGET (self->more));
    }
  adw_expander_row_add_row (self->more, row);
}

/**
 * sb_parameter_form_update:
 * @self: a form
 * @name: a parameter that it has a row for
 * @value: (nullable): its value by now
 * @default_value: (nullable): what it is when it is left empty
 *
 * Shows a value that has changed because another one was chosen. A row that somebody is typing in,
 * or that is wrong, is left alone. Nothing is told.
 */
void
sb_parameter_form_update (SbParameterForm *self,
                          const char *name,
                          const char *value,
                          const char *default_value)
{
  GtkWidget *row = g_hash_table_lookup (self->rows, name);
  const SbParameter *parameter;

  if (row == NULL || g_hash_table_contains (self->wrong, name) ||
      (gtk_widget_get_state_flags (row) & GTK_STATE_FLAG_FOCUS_WITHIN) != 0)
    return;
  parameter = g_object_get_data (G_OBJECT (row), "sb-parameter");
  set_description (row, parameter, default_value);
  g_signal_handlers_block_matched (row, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, self);
  if (ADW_IS_COMBO_ROW (row))
    select_word (ADW_COMBO_ROW (row), parameter, value);
  else if (g_strcmp0 (gtk_editable_get_text (GTK_EDITABLE (row)), value != NULL ? value : "") != 0)
    gtk_editable_set_text (GTK_EDITABLE (row), value != NULL ? value : "");
  g_signal_handlers_unblock_matched (row, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, self);
}

/**
 * sb_parameter_form_set_shown:
 * @self: a form
 * @name: a parameter that it has a row for
 * @shown: whether the row is to be seen
 */
void
sb_parameter_form_set_shown (SbParameterForm *self, const char *name, gboolean shown)
{
  GtkWidget *row = g_hash_table_lookup (self->rows, name);

  if (row != NULL)
    gtk_widget_set_visible (row, shown);
}

static void
sb_parameter_form_finalize (GObject *object)
{
  g_hash_table_unref (SB_PARAMETER_FORM (object)->rows);
  g_hash_table_unref (SB_PARAMETER_FORM (object)->wrong);
  G_OBJECT_CLASS (sb_parameter_form_parent_class)->finalize (object);
}

static void
sb_parameter_form_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_VALID)
    g_value_set_boolean (value, sb_parameter_form_get_valid (SB_PARAMETER_FORM (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
sb_parameter_form_class_init (SbParameterFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = sb_parameter_form_finalize;
  object_class->get_property = sb_parameter_form_get_property;
  properties[PROP_VALID] =
      g_param_spec_boolean ("valid",
                            NULL,
                            NULL,
                            TRUE,
                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  /* A name and its new value, which is NULL when the row is empty. */
  signals[SIGNAL_CHANGED] = g_signal_new ("value-changed",
                                          SB_TYPE_PARAMETER_FORM,
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          NULL,
                                          NULL,
                                          NULL,
                                          G_TYPE_NONE,
                                          2,
                                          G_TYPE_STRING,
                                          G_TYPE_STRING);
}

static void
sb_parameter_form_init (SbParameterForm *self)
{
  self->rows = g_hash_table_new (g_str_hash, g_str_equal);
  self->wrong = g_hash_table_new (g_str_hash, g_str_equal);
  self->group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->group));
}

GtkWidget *
sb_parameter_form_new (void)
{
  return g_object_new (SB_TYPE_PARAMETER_FORM, NULL);
}
