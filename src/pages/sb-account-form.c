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
  GtkLabel *note;
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
make_note (const char *text, gboolean *wrong)
{
  gboolean whole;
  g_autofree char *name = sb_bucket_from_text (text, &whole);
  g_autofree char *mended = NULL;

  *wrong = FALSE;
  if (*name == '\0')
    return NULL;
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
  gboolean wrong = FALSE;
  g_autofree char *note = text != NULL ? make_note (text, &wrong) : NULL;

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
on_values (SbStep *step, GParamSpec *pspec, SbAccountForm *self)
{
  if (self->note != NULL)
    update_note (self);
  if (self->preview != NULL)
    update_preview (self);
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
  g_clear_object (&SB_ACCOUNT_FORM (object)->step);
  G_OBJECT_CLASS (sb_account_form_parent_class)->dispose (object);
}

static void
sb_account_form_class_init (SbAccountFormClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_account_form_dispose;
}

static void
sb_account_form_init (SbAccountForm *self)
{
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
    add_preview (self, GTK_BOX (box));
  adw_bin_set_child (ADW_BIN (self), box);
  on_values (step, NULL, self);
  g_signal_connect_object (step, "notify::values", G_CALLBACK (on_values), self, 0);
  if (bucket != NULL && bucket != step)
    g_signal_connect_object (bucket, "notify::result", G_CALLBACK (on_values), self, 0);
  return GTK_WIDGET (self);
}
