/* sb-error.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-error.h"

#include <string.h>

typedef struct
{
  char *service_code;
  char *request_id;
  char *action;
  char *resource;
  guint status;
} SbErrorPrivate;

static void
sb_error_private_init (SbErrorPrivate *priv)
{
  memset (priv, 0, sizeof *priv);
}

static void
sb_error_private_copy (const SbErrorPrivate *src, SbErrorPrivate *dest)
{
  dest->service_code = g_strdup (src->service_code);
  dest->request_id = g_strdup (src->request_id);
  dest->action = g_strdup (src->action);
  dest->resource = g_strdup (src->resource);
  dest->status = src->status;
}

static void
sb_error_private_clear (SbErrorPrivate *priv)
{
  g_clear_pointer (&priv->service_code, g_free);
  g_clear_pointer (&priv->request_id, g_free);
  g_clear_pointer (&priv->action, g_free);
  g_clear_pointer (&priv->resource, g_free);
}

G_DEFINE_EXTENDED_ERROR (SbError, sb_error)

typedef struct
{
  const char *service_code;
  SbErrorCode code;
} CodeRow;

/* Whole codes first; the suffixes below catch the rest. */
static const CodeRow code_table[] = {
  { "AccessDenied", SB_ERROR_DENIED },
  { "AccessDeniedException", SB_ERROR_DENIED },
  { "OptInRequired", SB_ERROR_DENIED },
  { "ExpiredToken", SB_ERROR_CREDENTIALS },
  { "ExpiredTokenException", SB_ERROR_CREDENTIALS },
  { "InvalidAccessKeyId", SB_ERROR_CREDENTIALS },
  { "InvalidClientTokenId", SB_ERROR_CREDENTIALS },
  { "InvalidSignatureException", SB_ERROR_CREDENTIALS },
  { "IncompleteSignature", SB_ERROR_CREDENTIALS },
  { "IncompleteSignatureException", SB_ERROR_CREDENTIALS },
  { "InvalidToken", SB_ERROR_CREDENTIALS },
  { "MissingAuthenticationToken", SB_ERROR_CREDENTIALS },
  { "MissingAuthenticationTokenException", SB_ERROR_CREDENTIALS },
  { "SignatureDoesNotMatch", SB_ERROR_CREDENTIALS },
  { "UnrecognizedClientException", SB_ERROR_CREDENTIALS },
  { "RequestTimeTooSkewed", SB_ERROR_CLOCK },
  { "RequestExpired", SB_ERROR_CLOCK },
  { "BucketAlreadyExists", SB_ERROR_EXISTS },
  { "BucketAlreadyOwnedByYou", SB_ERROR_EXISTS },
  { "EntityAlreadyExists", SB_ERROR_EXISTS },
  { "ResourceInUse", SB_ERROR_EXISTS },
  { "BucketNotEmpty", SB_ERROR_CONFLICT },
  { "ConflictException", SB_ERROR_CONFLICT },
  { "ConcurrentModification", SB_ERROR_CONFLICT },
  { "DeleteConflict", SB_ERROR_CONFLICT },
  { "OperationAborted", SB_ERROR_CONFLICT },
  { "NoSuchBucket", SB_ERROR_NOT_FOUND },
  { "NoSuchEntity", SB_ERROR_NOT_FOUND },
  { "NoSuchKey", SB_ERROR_NOT_FOUND },
  { "NoSuchUpload", SB_ERROR_NOT_FOUND },
  { "ResourceNotFound", SB_ERROR_NOT_FOUND },
  { "ResourceNotFoundException", SB_ERROR_NOT_FOUND },
  { "LimitExceeded", SB_ERROR_LIMIT },
  { "ResourceLimitExceeded", SB_ERROR_LIMIT },
  { "BadDigest", SB_ERROR_INTEGRITY },
  { "IncompleteBody", SB_ERROR_INTEGRITY },
  { "InvalidDigest", SB_ERROR_INTEGRITY },
  { "XAmzContentSHA256Mismatch", SB_ERROR_INTEGRITY },
  { "BandwidthLimitExceeded", SB_ERROR_THROTTLED },
  { "PriorRequestNotComplete", SB_ERROR_THROTTLED },
  { "ProvisionedThroughputExceededException", SB_ERROR_THROTTLED },
  { "RequestLimitExceeded", SB_ERROR_THROTTLED },
  { "RequestThrottled", SB_ERROR_THROTTLED },
  { "RequestThrottledException", SB_ERROR_THROTTLED },
  { "SlowDown", SB_ERROR_THROTTLED },
  { "ThrottledException", SB_ERROR_THROTTLED },
  { "Throttling", SB_ERROR_THROTTLED },
  { "ThrottlingException", SB_ERROR_THROTTLED },
  { "TooManyRequestsException", SB_ERROR_THROTTLED },
};

static SbErrorCode
code_for_status (guint status)
{
  if (status == 401 || status == 403)
    return SB_ERROR_DENIED;
  if (status == 404)
    return SB_ERROR_NOT_FOUND;
  if (status == 409)
    return SB_ERROR_CONFLICT;
  if (status == 429)
    return SB_ERROR_THROTTLED;
  if (status >= 500)
    return SB_ERROR_SERVICE;
  if (status >= 400)
    return SB_ERROR_INVALID;
  return SB_ERROR_FAILED;
}

/**
 * sb_error_code_for:
 * @status: the HTTP status, or 0
 * @service_code: (nullable): the service's code, such as `NoSuchKey`
 *
 * Returns: what kind of error this is; the service's code counts before the status
 */
SbErrorCode
sb_error_code_for (guint status, const char *service_code)
{
  if (service_code != NULL)
    {
      for (gsize i = 0; i < G_N_ELEMENTS (code_table); i++)
        if (strcmp (code_table[i].service_code, service_code) == 0)
          return code_table[i].code;
    }
  return code_for_status (status);
}

/**
 * sb_error_new_service:
 * @status: the HTTP status of the answer
 * @service_code: (nullable): the service's code
 * @message: (nullable): the service's message, as it came
 * @request_id: (nullable): the request id, for the service's support
 *
 * Returns: (transfer full): an error of domain %SB_ERROR
 */
GError *
sb_error_new_service (guint status,
                      const char *service_code,
                      const char *message,
                      const char *request_id)
{
  GError *error;
  SbErrorPrivate *priv;

  if (message == NULL || *message == '\0')
    message = service_code != NULL ? service_code : "The service answered with an error";
  error = g_error_new_literal (SB_ERROR, (int) sb_error_code_for (status, service_code), message);
  priv = sb_error_get_private (error);
  priv->status = status;
  priv->service_code = g_strdup (service_code);
  priv->request_id = g_strdup (request_id);
  return error;
}

/**
 * sb_error_get_service_code:
 * @error: an error of any domain
 *
 * Returns: (nullable): the service's code, if @error came from a service
 */
const char *
sb_error_get_service_code (const GError *error)
{
  return error->domain == SB_ERROR ? sb_error_get_private (error)->service_code : NULL;
}

/**
 * sb_error_get_request_id:
 * @error: an error of any domain
 *
 * Returns: (nullable): the request id, if @error came from a service
 */
const char *
sb_error_get_request_id (const GError *error)
{
  return error->domain == SB_ERROR ? sb_error_get_private (error)->request_id : NULL;
}

/**
 * sb_error_get_status:
 * @error: an error of any domain
 *
 * Returns: the HTTP status, or 0 if @error did not come from a service
 */
guint
sb_error_get_status (const GError *error)
{
  return error->domain == SB_ERROR ? sb_error_get_private (error)->status : 0;
}

/**
 * sb_error_set_action:
 * @error: an error of any domain; of others than %SB_ERROR nothing is kept
 * @action: (nullable): what was to be done, as policies name it, such as `s3:PutObject`
 * @resource: (nullable): to what, as an ARN, or `*`
 *
 * For answers that do not say themselves which permission is lacking.
 */
void
sb_error_set_action (GError *error, const char *action, const char *resource)
{
  SbErrorPrivate *priv;

  if (error->domain != SB_ERROR)
    return;
  priv = sb_error_get_private (error);
  g_free (priv->action);
  priv->action = g_strdup (action);
  g_free (priv->resource);
  priv->resource = g_strdup (resource);
}

/**
 * sb_error_get_action:
 * @error: an error of any domain
 *
 * Returns: (nullable): what was to be done, as policies name it
 */
const char *
sb_error_get_action (const GError *error)
{
  return error->domain == SB_ERROR ? sb_error_get_private (error)->action : NULL;
}

/**
 * sb_error_get_resource:
 * @error: an error of any domain
 *
 * Returns: (nullable): to what it was to be done
 */
const char *
sb_error_get_resource (const GError *error)
{
  return error->domain == SB_ERROR ? sb_error_get_private (error)->resource : NULL;
}
