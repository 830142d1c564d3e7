/* sb-problem-box.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-problem-box.h"

#include <glib/gi18n.h>

#include "wire/sb-error.h"
#include "workshop/sb-advice.h"

/**
 * SbProblemBox:
 *
 * Why something failed, in whole, what to do next, and what the service's support wants to know.
 */
struct _SbProblemBox
{
  AdwBin parent_instance;

  GtkLabel *message;
  GtkLabel *advice;
  GtkBox *statement_box;
  GtkLabel *statement;
  GtkExpander *expander;
  GtkLabel *details;
};

G_DEFINE_FINAL_TYPE (SbProblemBox, sb_problem_box, ADW_TYPE_BIN)

static const char *
get_advice (const GError *error)
{
  if (error->domain != SB_ERROR)
    return NULL;
  switch ((SbErrorCode) error->code)
    {
    case SB_ERROR_NOT_FOUND:
      return _ ("It was deleted meanwhile, or never made. Run the steps that make it again.");
    case SB_ERROR_EXISTS:
      return _ (
          "Something of that name is there already. Run the step again: it takes a new name.");
    case SB_ERROR_CONFLICT:
      return _ ("It is busy just now. Wait a little, then try again.");
    case SB_ERROR_DENIED:
      return _ ("These credentials may not do this. Ask who gave them to you for the permission.");
    case SB_ERROR_CREDENTIALS:
      return _ ("Enter the credentials of this connection again.");
    case SB_ERROR_CLOCK:
      return _ ("Set this computer’s clock, then try again.");
    case SB_ERROR_THROTTLED:
      return _ ("The service asks for patience. Wait a minute, then try again.");
    case SB_ERROR_LIMIT:
      return _ ("Delete what you no longer need, or ask the service for a higher limit.");
    case SB_ERROR_SERVICE:
    case SB_ERROR_PROTOCOL:
      return _ ("Try again; nothing is made twice. If it fails again, restart Sagebrush.");
    case SB_ERROR_NETWORK:
      return _ ("Look after the connection, then try again; nothing is made twice.");
    case SB_ERROR_INTEGRITY:
      return _ ("What came was not what was sent. Try again.");
    case SB_ERROR_STORAGE:
      return _ ("Make room on the disk, or choose a folder that you may write to, then try again.");
    case SB_ERROR_JOB:
      return _ ("The log below tells more. Change the parameters or the data, then run it again.");
    case SB_ERROR_FAILED:
    case SB_ERROR_INVALID:
    default:
      return NULL;
    }
}

static char *
make_details (const GError *error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *code = sb_error_get_service_code (error);
  const char *request = sb_error_get_request_id (error);
  guint status = sb_error_get_status (error);

  if (code != NULL)
    g_string_append_printf (text, _ ("Code: %s\n"), code);
  if (status != 0)
    g_string_append_printf (text, _ ("HTTP status: %u\n"), status);
  if (request != NULL)
    g_string_append_printf (text, _ ("Request id: %s\n"), request);
  return text->len > 0 ? g_strchomp (g_strdup (text->str)) : NULL;
}

/**
 * sb_problem_box_set_error:
 * @self: a box
 * @error: (nullable): what it shows; %NULL for nothing, which hides it
 */
void
sb_problem_box_set_error (SbProblemBox *self, const GError *error)
{
  g_autoptr (SbAdvice) special = error != NULL ? sb_advice_new (error) : NULL;
  const char *usual = error != NULL ? get_advice (error) : NULL;
  const char *advice = special != NULL ? special->text : usual;
  const char *statement = special != NULL ? special->statement : NULL;
  g_autofree char *details = error != NULL ? make_details (error) : NULL;

  gtk_widget_set_visible (GTK_WIDGET (self), error != NULL);
  gtk_label_set_label (self->message, error != NULL ? error->message : "");
  gtk_label_set_label (self->advice, advice != NULL ? advice : "");
  gtk_widget_set_visible (GTK_WIDGET (self->advice), advice != NULL);
  gtk_label_set_label (self->statement, statement != NULL ? statement : "");
  gtk_widget_set_visible (GTK_WIDGET (self->statement_box), statement != NULL);
  gtk_label_set_label (self->details, details != NULL ? details : "");
  gtk_widget_set_visible (GTK_WIDGET (self->expander), details != NULL);
}

static void
on_copy (SbProblemBox *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)),
                          gtk_label_get_label (self->statement));
}

static void
sb_problem_box_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), SB_TYPE_PROBLEM_BOX);
  G_OBJECT_CLASS (sb_problem_box_parent_class)->dispose (object);
}

static void
sb_problem_box_class_init (SbProblemBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_problem_box_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-problem-box.ui");
  gtk_widget_class_bind_template_child (widget_class, SbProblemBox, message);
  gtk_widget_class_bind_template_child (widget_class, SbProblemBox, advice);
  gtk_widget_class_bind_template_child (widget_class, SbProblemBox, statement_box);
  gtk_widget_class_bind_template_child (widget_class, SbProblemBox, statement);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
  gtk_widget_class_bind_template_child (widget_class, SbProblemBox, expander);
  gtk_widget_class_bind_template_child (widget_class, SbProblemBox, details);
}

static void
sb_problem_box_init (SbProblemBox *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
