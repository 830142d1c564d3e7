/* sb-runtime-client.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SbRuntimeClient:
 *
 * A lean HTTP/1.1 client for one program that listens on a Unix socket: a pool of kept-alive,
 * non-blocking connections that live in the main context of the thread that made the client. There
 * is no thread and no allocation per request beyond what goes over the wire.
 */
typedef struct _SbRuntimeClient SbRuntimeClient;

/**
 * SbRuntimeAnswer:
 * @status: HTTP status
 * @content_type: (nullable): its header
 * @custom_attributes: (nullable): its `X-Amzn-SageMaker-Custom-Attributes`
 * @body: the whole body
 *
 * What the program answered; valid during the call that brings it, save for references taken.
 */
typedef struct
{
  guint status;
  char *content_type;
  char *custom_attributes;
  GBytes *body;
} SbRuntimeAnswer;

/**
 * SbRuntimeFunc:
 * @answer: (nullable): what was answered
 * @error: (nullable): why nothing was: %G_IO_ERROR_TIMED_OUT, %G_IO_ERROR_MESSAGE_TOO_LARGE,
 *   %G_IO_ERROR_CONNECTION_REFUSED, %G_IO_ERROR_CONNECTION_CLOSED, %G_IO_ERROR_INVALID_DATA,
 *   %G_IO_ERROR_CANCELLED
 * @data: user data
 */
typedef void (*SbRuntimeFunc) (const SbRuntimeAnswer *answer, const GError *error, gpointer data);

SbRuntimeClient *sb_runtime_client_new (const char *socket_path, gsize max_body);
void sb_runtime_client_free (SbRuntimeClient *self);
void sb_runtime_client_send (SbRuntimeClient *self,
                             GBytes *head,
                             GBytes *body,
                             guint timeout_ms,
                             SbRuntimeFunc func,
                             gpointer data);
guint sb_runtime_client_get_n_active (SbRuntimeClient *self);

/**
 * SbRuntimeHead:
 *
 * Writes the head of a request.
 */
GString *sb_runtime_head_new (const char *method, const char *path, gsize content_length);
void sb_runtime_head_add (GString *head, const char *name, const char *value);
GBytes *sb_runtime_head_finish (GString *head);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbRuntimeClient, sb_runtime_client_free)

G_END_DECLS
