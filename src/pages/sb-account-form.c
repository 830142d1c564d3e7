/* sb-account-form.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-account-form.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "wire/sb-uri.h"
#include "workshop/sb-account.h"

/**
 * SbAccountForm:
 *
 * The form of a step of Get Started, with a word about a bucket's name as it is typed, and with
 * what will be created before it is.
 */
struct _SbAccountForm
{
  AdwBin parent_instance;

  SbStep *step;
  GCancellable *cancellable;
  GtkLabel *note;
  AdwComboRow *roles; /* of the account, once they are asked for */
  GtkWidget *roles_list;
  gboolean asked;
  GtkExpander *preview;
  GtkLabel *documents;
};

G_DEFINE_FINAL_TYPE (SbAccountForm, sb_account_form, ADW_TYPE_BIN)

/**
 * sb_account_form_is_for:
 * @step: a step
 *
 * Returns: whether its form is to be wrapped into one of these
 */
gboolean
sb_account_form_is_for (SbStep *step)
{
  static const char *const kinds[] = { "bucket", "role", NULL };

  return g_strv_contains (kinds, sb_step_get_kind (step));
}

/* Returns: (nullable): the word about a bucket's name */
static char *
make_note (const char *text, const char *region, gboolean *wrong)
{
  gboolean whole;
  g_autofree char *name = sb_bucket_from_text (text, &whole);
  g_autofree char *mended = NULL;

  *wrong = FALSE;
  if (*name == '\0')
    /* translators: %s is a Region; “sagemaker-” is part of a name, which is not translated */
    return g_strdup_printf (_ ("Left empty, it is “sagemaker-%s-” with the number of the account, "
                               "or a name like it that is free."),
                            region);
  if (!sb_bucket_name_is_valid (name))
    {
      mended = sb_bucket_name_mend (name);
      *wrong = TRUE;
      return g_strdup_printf (_ ("A bucket cannot be called “%s”: S3 takes 3 to 63 lower-case "
                                 "letters, digits, hyphens and dots. Try “%s”."),
                              name,
                              mended);
    }
  if (whole)
    return NULL;
  return g_strdup_printf (_ ("That says more than a bucket’s name; the bucket is “%s”."), name);
}

static void
update_note (SbAccountForm *self)
{
  const char *text = sb_step_get_value (self->step, "bucket");
  SbRun *run = sb_step_get_run (self->step);
  const char *region =
      run != NULL ? sb_connection_get_region (sb_run_get_connection (run)) : "us-east-1";
  gboolean wrong = FALSE;
  g_autofree char *note = make_note (text != NULL ? text : "", region, &wrong);

  gtk_label_set_label (self->note, note != NULL ? note : "");
  gtk_widget_set_visible (GTK_WIDGET (self->note), note != NULL);
  if (wrong)
    gtk_widget_add_css_class (GTK_WIDGET (self->note), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->note), "error");
}

static void
update_preview (SbAccountForm *self)
{
  SbRun *run = sb_step_get_run (self->step);
  SbStep *other = run != NULL ? sb_run_find_step_of_kind (run, "bucket") : NULL;
  JsonObject *result = other != NULL ? sb_step_get_result (other) : NULL;
  const char *source = sb_step_get_value (self->step, "source");
  g_autofree char *text = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->preview), g_strcmp0 (source, "choose") != 0);
  if (run == NULL)
    return;
  text = sb_account_describe_role (sb_run_get_connection (run),
                                   result != NULL ? sb_json_get_string (result, "bucket", NULL)
                                                  : NULL);
  gtk_label_set_label (self->documents, text);
}

static void
list_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  char **arns = sb_account_list_roles (data, cancellable, &error);

  if (arns != NULL)
    g_task_return_pointer (task, arns, (GDestroyNotify) g_strfreev);
  else
    g_task_return_error (task, error);
}

static void
on_role (AdwComboRow *row, GParamSpec *pspec, SbAccountForm *self)
{
  GtkStringObject *item = adw_combo_row_get_selected_item (row);
  g_autoptr (GError) error = NULL;

  if (item != NULL &&
      !sb_step_set_value (self->step, "role", gtk_string_object_get_string (item), &error))
    g_debug ("%s", error->message);
}

/* Whoever may not list roles can name one all the same. */
static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  SbAccountForm *self = SB_ACCOUNT_FORM (source);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arns = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr (GtkStringList) list = gtk_string_list_new ((const char *const *) arns);

  if (error != NULL)
    g_debug ("%s", error->message);
  if (arns == NULL || arns[0] == NULL || self->step == NULL)
    return;
  g_signal_handlers_block_by_func (self->roles, on_role, self);
  adw_combo_row_set_model (self->roles, G_LIST_MODEL (list));
  for (guint i = 0; arns[i] != NULL; i++)
    if (g_strcmp0 (arns[i], sb_step_get_value (self->step, "role")) == 0)
      adw_combo_row_set_selected (self->roles, i);
  g_signal_handlers_unblock_by_func (self->roles, on_role, self);
  gtk_widget_set_visible (self->roles_list, TRUE);
  if (sb_step_get_value (self->step, "role") == NULL)
    on_role (self->roles, NULL, self);
}

/* The account is asked once somebody wants to choose. */
static void
update_roles (SbAccountForm *self)
{
  SbRun *run = sb_step_get_run (self->step);
  gboolean chooses = g_strcmp0 (sb_step_get_value (self->step, "source"), "choose") == 0;
  g_autoptr (GTask) task = NULL;

  if (!chooses)
    gtk_widget_set_visible (self->roles_list, FALSE);
  else if (self->asked)
    gtk_widget_set_visible (self->roles_list, adw_combo_row_get_model (self->roles) != NULL);
  if (!chooses || self->asked || run == NULL)
    return;
  self->asked = TRUE;
  task = g_task_new (self, self->cancellable, on_listed, NULL);
  g_task_set_task_data (task,
                        sb_client_with_label (sb_run_get_client (run),
                                              sb_module_get_id (sb_run_get_module (run)),
                                              sb_run_get_id (run),
                                              sb_step_get_id (self->step)),
                        g_object_unref);
  g_task_run_in_thread (task, list_in_thread);
}

static void
on_values (SbStep *step, GParamSpec *pspec, SbAccountForm *self)
{
  if (self->note != NULL)
    update_note (self);
  if (self->preview != NULL)
    {
      update_preview (self);
      update_roles (self);
    }
}

static GtkLabel *
make_label (void)
{
  GtkLabel *label = GTK_LABEL (gtk_label_new (NULL));

  gtk_label_set_xalign (label, 0);
  gtk_label_set_wrap (label, TRUE);
  gtk_label_set_wrap_mode (label, PANGO_WRAP_WORD_CHAR);
  return label;
}

static void
add_note (SbAccountForm *self, GtkBox *box)
{
  self->note = make_label ();
  gtk_widget_add_css_class (GTK_WIDGET (self->note), "caption");
  gtk_box_append (box, GTK_WIDGET (self->note));
}

static void
add_roles (SbAccountForm *self, GtkBox *box)
{
  self->roles_list = gtk_list_box_new ();
  self->roles = ADW_COMBO_ROW (adw_combo_row_new ());
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (self->roles_list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (self->roles_list, "boxed-list");
  gtk_widget_set_visible (self->roles_list, FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->roles), _ ("Roles of the Account"));
  g_signal_connect_object (self->roles, "notify::selected", G_CALLBACK (on_role), self, 0);
  gtk_list_box_append (GTK_LIST_BOX (self->roles_list), GTK_WIDGET (self->roles));
  gtk_box_append (box, self->roles_list);
}

static void
add_preview (SbAccountForm *self, GtkBox *box)
{
  self->documents = make_label ();
  gtk_label_set_selectable (self->documents, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->documents), "monospace");
  gtk_widget_set_margin_top (GTK_WIDGET (self->documents), 6);
  self->preview = GTK_EXPANDER (gtk_expander_new (_ ("What Is Created Where There Is No Role")));
  gtk_expander_set_child (self->preview, GTK_WIDGET (self->documents));
  gtk_box_append (box, GTK_WIDGET (self->preview));
}

static void
sb_account_form_dispose (GObject *object)
{
  SbAccountForm *self = SB_ACCOUNT_FORM (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->step);
  G_OBJECT_CLASS (sb_account_form_parent_class)->dispose (object);
}

static void
sb_account_form_finalize (GObject *object)
{
  g_clear_object (&SB_ACCOUNT_FORM (object)->cancellable);
  G_OBJECT_CLASS (sb_account_form_parent_class)->finalize (object);
}

static void
sb_account_form_class_init (SbAccountFormClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_account_form_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_account_form_finalize;
}

static void
sb_account_form_init (SbAccountForm *self)
{
  self->cancellable = g_cancellable_new ();
}

/**
 * sb_account_form_new:
 * @step: a step for which sb_account_form_is_for() is true
 * @form: (transfer floating): the rows of its parameters
 *
 * Returns: the form
 */
GtkWidget *
sb_account_form_new (SbStep *step, GtkWidget *form)
{
  SbAccountForm *self = g_object_new (SB_TYPE_ACCOUNT_FORM, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  SbRun *run = sb_step_get_run (step);
  SbStep *bucket = run != NULL ? sb_run_find_step_of_kind (run, "bucket") : NULL;

  self->step = g_object_ref (step);
  gtk_box_append (GTK_BOX (box), form);
  if (strcmp (sb_step_get_kind (step), "bucket") == 0)
    add_note (self, GTK_BOX (box));
  else
    {
      add_roles (self, GTK_BOX (box));
      add_preview (self, GTK_BOX (box));
    }
  adw_bin_set_child (ADW_BIN (self), box);
  on_values (step, NULL, self);
  g_signal_connect_object (step, "notify::values", G_CALLBACK (on_values), self, 0);
  if (bucket != NULL && bucket != step)
    g_signal_connect_object (bucket, "notify::result", G_CALLBACK (on_values), self, 0);
  return GTK_WIDGET (self);
}
