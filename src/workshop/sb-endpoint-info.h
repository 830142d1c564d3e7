/* sb-endpoint-info.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client.h"

G_BEGIN_DECLS

/**
 * SbVariantInfo:
 * @name: its name
 * @model: (nullable): the model that it hosts
 * @instance_type: (nullable): such as `ml.m5.large`
 * @n_instances: how many there are now
 * @weight: its share of the questions, in proportion to those of the others
 * @counted: whether the service has said how often it was asked
 * @n_asked: how often, in the time that was asked about
 * @n_failed: how many of these were answered with an error
 * @latency: milliseconds that its model took on average; 0 when it was not asked
 *
 * One variant of an endpoint.
 */
typedef struct
{
  char *name;
  char *model;
  char *instance_type;
  guint n_instances;
  double weight;
  gboolean counted;
  guint64 n_asked;
  guint64 n_failed;
  double latency;
} SbVariantInfo;

/**
 * SbEndpointInfo:
 * @name: its name
 * @status: such as `InService`
 * @failure: (nullable): why it has failed
 * @variants: (element-type SbVariantInfo): its variants
 * @problem: (nullable): why it is not known how often it was asked
 *
 * What the service says of an endpoint.
 */
typedef struct
{
  char *name;
  char *status;
  char *failure;
  GPtrArray *variants;
  char *problem;
} SbEndpointInfo;

SbEndpointInfo *sb_endpoint_info_fetch (SbClient *client,
                                        const char *name,
                                        guint minutes,
                                        GCancellable *cancellable,
                                        GError **error);
void sb_endpoint_info_fetch_async (SbClient *client,
                                   const char *name,
                                   guint minutes,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
SbEndpointInfo *
sb_endpoint_info_fetch_finish (SbClient *client, GAsyncResult *result, GError **error);
gboolean sb_endpoint_info_is_idle (SbEndpointInfo *self);
void sb_endpoint_info_free (SbEndpointInfo *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbEndpointInfo, sb_endpoint_info_free)

G_END_DECLS
