/* sb-parameter-form.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "wire/sb-parameter.h"

G_BEGIN_DECLS

#define SB_TYPE_PARAMETER_FORM (sb_parameter_form_get_type ())
G_DECLARE_FINAL_TYPE (SbParameterForm, sb_parameter_form, SB, PARAMETER_FORM, AdwBin)

GtkWidget *sb_parameter_form_new (void);
void sb_parameter_form_add (SbParameterForm *self,
                            const SbParameter *parameter,
                            const char *value,
                            const char *default_value);
void sb_parameter_form_update (SbParameterForm *self,
                               const char *name,
                               const char *value,
                               const char *default_value);
gboolean sb_parameter_form_get_valid (SbParameterForm *self);

void sb_parameter_form_set_shown (SbParameterForm *self, const char *name, gboolean shown);

G_END_DECLS
