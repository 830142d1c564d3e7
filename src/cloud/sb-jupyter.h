/* sb-jupyter.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Puts a notebook into a Jupyter server, such as that of a SageMaker notebook instance, by the API
 * that Jupyter's own pages use.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *sb_jupyter_upload (const char *url,
                         const char *folder,
                         const char *name,
                         JsonObject *notebook,
                         GCancellable *cancellable,
                         GError **error);

G_END_DECLS
