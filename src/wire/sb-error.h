/* sb-error.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SB_ERROR:
 *
 * The one error domain of everything that speaks to a service, or is one. An error of this domain
 * carries, besides its message, the service's own code, the HTTP status and the request id; they
 * survive g_error_copy() and g_propagate_error(). Cancellation is never reported here but as
 * %G_IO_ERROR_CANCELLED.
 */
#define SB_ERROR (sb_error_quark ())

/**
 * SbErrorCode:
 * @SB_ERROR_FAILED: anything that has no code of its own
 * @SB_ERROR_INVALID: the input is wrong: ValidationException, InvalidArgument, a bad form value
 * @SB_ERROR_NOT_FOUND: what was named does not exist
 * @SB_ERROR_EXISTS: what was to be created exists already
 * @SB_ERROR_CONFLICT: not in this state: busy, not empty, in progress
 * @SB_ERROR_DENIED: the credentials are right and the permission is lacking
 * @SB_ERROR_CREDENTIALS: the credentials are missing, wrong or expired
 * @SB_ERROR_CLOCK: this computer's clock is too far off
 * @SB_ERROR_THROTTLED: too many requests
 * @SB_ERROR_LIMIT: a quota is exhausted
 * @SB_ERROR_SERVICE: the service failed (5xx)
 * @SB_ERROR_NETWORK: no answer: refused, unreachable, dropped, timed out
 * @SB_ERROR_PROTOCOL: an answer that could not be understood
 * @SB_ERROR_INTEGRITY: a checksum or a length that does not fit
 * @SB_ERROR_STORAGE: a local file could not be read or written, or the disk is full
 * @SB_ERROR_JOB: a job or an endpoint ended as Failed; the message is its FailureReason
 */
typedef enum
{
  SB_ERROR_FAILED,
  SB_ERROR_INVALID,
  SB_ERROR_NOT_FOUND,
  SB_ERROR_EXISTS,
  SB_ERROR_CONFLICT,
  SB_ERROR_DENIED,
  SB_ERROR_CREDENTIALS,
  SB_ERROR_CLOCK,
  SB_ERROR_THROTTLED,
  SB_ERROR_LIMIT,
  SB_ERROR_SERVICE,
  SB_ERROR_NETWORK,
  SB_ERROR_PROTOCOL,
  SB_ERROR_INTEGRITY,
  SB_ERROR_STORAGE,
  SB_ERROR_JOB,
} SbErrorCode;

GQuark sb_error_quark (void);
GError *sb_error_new_service (guint status,
                              const char *service_code,
                              const char *message,
                              const char *request_id);
SbErrorCode sb_error_code_for (guint status, const char *service_code);
const char *sb_error_get_service_code (const GError *error);
const char *sb_error_get_request_id (const GError *error);
guint sb_error_get_status (const GError *error);
void sb_error_set_action (GError *error, const char *action, const char *resource);
const char *sb_error_get_action (const GError *error);
const char *sb_error_get_resource (const GError *error);

G_END_DECLS
