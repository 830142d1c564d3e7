/* sb-step-form.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

#include "wire/sb-parameter.h"

G_BEGIN_DECLS

/**
 * SbStepForm:
 * @spec: what the module says of the step
 * @defaults: those of the module, by the names of parameters
 * @parameters: (element-type SbParameter): all of them, in the order in which they are shown; the
 *   algorithm's belong to it
 * @own_parameters: (element-type SbParameter): those among them that belong to the form
 * @values: what a person has set, by the names of parameters
 *
 * What a step asks for: parameters of its module and of its algorithm, and their values. Only
 * SbStep changes it, so that who shows it is told.
 */
typedef struct
{
  JsonObject *spec;
  JsonObject *defaults;
  GPtrArray *parameters;
  GPtrArray *own_parameters;
  JsonObject *values;
} SbStepForm;

SbStepForm *sb_step_form_new (JsonObject *module, JsonObject *spec);
void sb_step_form_free (SbStepForm *self);
void sb_step_form_take_values (SbStepForm *self, JsonObject *values);
const char *sb_step_form_get_default (SbStepForm *self, const char *name);
const char *sb_step_form_get_value (SbStepForm *self, const char *name);
const SbParameter *sb_step_form_find (SbStepForm *self, const char *name);
gboolean sb_step_form_set_value (SbStepForm *self,
                                 const char *name,
                                 const char *value,
                                 gboolean *changed,
                                 GError **error);
gboolean sb_step_form_is_shown (SbStepForm *self, const char *name);
JsonObject *sb_step_form_get_values (SbStepForm *self);
gboolean sb_step_form_check (SbStepForm *self, GError **error);

G_END_DECLS
