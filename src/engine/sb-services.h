/* sb-services.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the engine's services add to it.
 */

#pragma once

#include "engine/sb-request.h"

G_BEGIN_DECLS

/* Operations of the JSON and Query services. */
void sb_add_training_operations (SbEngine *engine);
void sb_add_model_operations (SbEngine *engine);
void sb_add_endpoint_config_operations (SbEngine *engine);
void sb_add_endpoint_operations (SbEngine *engine);
void sb_add_notebook_operations (SbEngine *engine);
void sb_add_tag_operations (SbEngine *engine);
void sb_add_log_operations (SbEngine *engine);
void sb_add_metric_operations (SbEngine *engine);
void sb_add_iam_operations (SbEngine *engine);
void sb_add_sts_operations (SbEngine *engine);

/* InvokeEndpoint. */
void sb_invoke_handle (SbRequest *request);

/* Jobs, endpoints and notebooks that outlive one call. */
SbTraining *sb_training_new (SbEngine *engine);
void sb_training_free (SbTraining *self);
void sb_training_resume (SbTraining *self);
SbEndpoints *sb_endpoints_new (SbEngine *engine);
void sb_endpoints_free (SbEndpoints *self);
void sb_endpoints_resume (SbEndpoints *self);
SbNotebooks *sb_notebooks_new (SbEngine *engine);
void sb_notebooks_free (SbNotebooks *self);
void sb_notebooks_resume (SbNotebooks *self);

G_END_DECLS
