/* sb-contract.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a SageMaker container finds and leaves below /opt/ml, or below $SM_PREFIX.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *sb_contract_path (const char *first, ...) G_GNUC_NULL_TERMINATED;
JsonObject *sb_contract_read_hyperparameters (GError **error);
char *sb_contract_dup_content_type (const char *channel);
char *sb_contract_dup_content_parameter (const char *channel, const char *name);
char *sb_contract_dup_attribute (const char *channel, guint index);
gboolean sb_contract_is_sharded (const char *channel);
GPtrArray *sb_contract_list_channel (const char *channel, GError **error);
guint sb_contract_get_n_threads (void);
void sb_contract_write_failure (const char *message);
void sb_contract_say (const char *format, ...) G_GNUC_PRINTF (1, 2);

G_END_DECLS
