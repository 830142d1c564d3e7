/* sb-account-form.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_ACCOUNT_FORM (sb_account_form_get_type ())
G_DECLARE_FINAL_TYPE (SbAccountForm, sb_account_form, SB, ACCOUNT_FORM, AdwBin)

gboolean sb_account_form_is_for (SbStep *step);
GtkWidget *sb_account_form_new (SbStep *step, GtkWidget *form);

G_END_DECLS
