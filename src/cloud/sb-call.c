/* sb-call.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attempts at a call: where it goes, its signature, what an answer teaches for the next attempt.
 */

#include "config.h"

#include "cloud/sb-call-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "cloud/sb-recheck-private.h"
#include "wire/sb-error.h"
#include "wire/sb-names.h"
#include "wire/sb-secret.h"

/* Services refuse signatures that are off by five minutes, S3 by fifteen. */
#define CLOCK_TOLERANCE 240

/*< private >
 * _sb_client_state_new:
 *
 * Returns: (transfer full): what a client knows before its first call
 */
SbClientState *
_sb_client_state_new (void)
{
  SbClientState *state = g_atomic_rc_box_new0 (SbClientState);

  g_mutex_init (&state->lock);
  state->bucket_regions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return state;
}

SbClientState *
_sb_client_state_ref (SbClientState *state)
{
  return g_atomic_rc_box_acquire (state);
}

static void
state_clear (gpointer data)
{
  SbClientState *state = data;

  g_hash_table_unref (state->bucket_regions);
  g_mutex_clear (&state->lock);
}

void
_sb_client_state_unref (SbClientState *state)
{
  g_atomic_rc_box_release_full (state, state_clear);
}

static char *
dup_region (SbCall *call)
{
  const char *region = sb_connection_get_region (call->connection);
  const char *learned = NULL;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&call->state->lock);

  if (call->request->bucket != NULL)
    learned = g_hash_table_lookup (call->state->bucket_regions, call->request->bucket);
  return g_strdup (learned != NULL ? learned : region);
}

/*< private >
 * _sb_call_now:
 * @call: a call
 *
 * Returns: the time that the service has, as far as that is known, in seconds since 1970
 */
double
_sb_call_now (SbCall *call)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&call->state->lock);

  return (double) g_get_real_time () / G_USEC_PER_SEC + (double) call->state->clock_offset;
}

static char *
bucket_path (SbCall *call)
{
  return g_strconcat ("/",
                      call->request->bucket,
                      strcmp (call->request->path, "/") == 0 ? "" : call->request->path,
                      NULL);
}

static GUri *
own_endpoint (SbCall *call, const char *url, GError **error)
{
  g_autoptr (GUri) base = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, error);
  g_autofree char *path = NULL;
  g_autofree char *full = NULL;
  const char *prefix;

  if (base == NULL)
    return NULL;
  path = call->request->bucket != NULL ? bucket_path (call) : g_strdup (call->request->path);
  prefix = g_uri_get_path (base);
  full = g_strconcat (strcmp (prefix, "/") == 0 ? "" : prefix, path, NULL);
  return g_uri_build (SOUP_HTTP_URI_FLAGS,
                      g_uri_get_scheme (base),
                      NULL,
                      g_uri_get_host (base),
                      g_uri_get_port (base),
                      full,
                      call->request->query,
                      NULL);
}

/* The certificate of S3 covers one label before its own name: a bucket with dots goes in the
 * path. */
static GUri *
aws_endpoint (SbCall *call, const char *region)
{
  const char *bucket = call->request->bucket;
  gboolean in_host = bucket != NULL && sb_bucket_name_is_valid (bucket) && !strchr (bucket, '.');
  g_autofree char *host =
      sb_service_get_host (call->operation.service,
                           region,
                           sb_endpoints_get_fips (sb_connection_get_endpoints (call->connection)));
  g_autofree char *full = in_host ? g_strconcat (bucket, ".", host, NULL) : g_strdup (host);
  g_autofree char *path =
      bucket != NULL && !in_host ? bucket_path (call) : g_strdup (call->request->path);

  return g_uri_build (
      SOUP_HTTP_URI_FLAGS, "https", NULL, full, -1, path, call->request->query, NULL);
}

/* Where this service is instead of at AWS, if it is. */
static const char *
own_url (SbCall *call)
{
  return sb_endpoints_get_url (sb_connection_get_endpoints (call->connection),
                               call->operation.service);
}

static GUri *
make_uri (SbCall *call, const char *region, GError **error)
{
  const char *url = own_url (call);

  return url != NULL ? own_endpoint (call, url, error) : aws_endpoint (call, region);
}

static char *
host_header (GUri *uri)
{
  const char *host = g_uri_get_host (uri);
  int port = g_uri_get_port (uri);
  int standard = strcmp (g_uri_get_scheme (uri), "https") == 0 ? 443 : 80;
  const char *open = strchr (host, ':') != NULL ? "[" : "";
  const char *close = *open != '\0' ? "]" : "";

  if (port <= 0 || port == standard)
    return g_strdup_printf ("%s%s%s", open, host, close);
  return g_strdup_printf ("%s%s%s:%d", open, host, close, port);
}

static GBytes *
get_body (SbCall *call)
{
  return call->request->document != NULL ? call->request->document : call->options->body;
}

/* S3's bodies carry their MD5, which S3 checks before it keeps anything; hashing them a second time
 * for the signature would gain nothing. */
static char *
payload_hash (SbCall *call)
{
  GBytes *body = get_body (call);

  if (call->options->source != NULL ||
      (call->operation.protocol == SB_PROTOCOL_REST_XML && call->options->body != NULL))
    return g_strdup (SB_SIGV4_UNSIGNED_PAYLOAD);
  return body != NULL ? sb_sha256_hex_bytes (body) : g_strdup (SB_SHA256_EMPTY);
}

static char *
content_md5 (SbCall *call)
{
  GBytes *body = get_body (call);
  gsize length;
  const void *data;

  if (call->options->source != NULL)
    return g_strdup (call->options->content_md5);
  if (body == NULL || call->operation.protocol != SB_PROTOCOL_REST_XML ||
      (call->request->document != NULL && !call->request->md5))
    return NULL;
  data = g_bytes_get_data (body, &length);
  return sb_digest_base64 (SB_DIGEST_MD5, data != NULL ? data : "", (gssize) length);
}

static void
append_header (GArray *all, const char *name, const char *value)
{
  SbHeader header = { g_strdup (name), g_strdup (value) };

  g_array_append_val (all, header);
}

static void
clear_header (gpointer data)
{
  SbHeader *header = data;

  g_free (header->name);
  g_free (header->value);
}

static GArray *
collect_headers (SbCall *call, GUri *uri)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (SbHeader));
  g_autofree char *host = host_header (uri);
  g_autofree char *md5 = content_md5 (call);

  g_array_set_clear_func (all, clear_header);
  append_header (all, "Host", host);
  for (guint i = 0; i < call->request->headers->len; i++)
    {
      const SbHeader *header = g_ptr_array_index (call->request->headers, i);

      append_header (all, header->name, header->value);
    }
  if (md5 != NULL)
    append_header (all, "Content-MD5", md5);
  return all;
}

static GPtrArray *
take_headers (GPtrArray *headers, GArray *all)
{
  for (guint i = 0; i < all->len; i++)
    {
      const SbHeader *header = &g_array_index (all, SbHeader, i);

      g_ptr_array_add (headers, sb_header_new (header->name, header->value));
    }
  return headers;
}

/* Who signs in has no keys yet. */
static GPtrArray *
leave_unsigned (SbCall *call, GUri *uri)
{
  g_autoptr (GArray) all = collect_headers (call, uri);

  return take_headers (g_ptr_array_new_with_free_func ((GDestroyNotify) sb_header_free), all);
}

static GPtrArray *
sign (SbCall *call, GUri *uri, const char *region, SbCredentials *credentials)
{
  gboolean s3 = call->operation.protocol == SB_PROTOCOL_REST_XML;
  gboolean own = own_url (call) != NULL;
  g_autoptr (GArray) all = collect_headers (call, uri);
  g_autofree char *hash = payload_hash (call);
  SbSigv4Request request = {
    .method = call->request->method,
    .path = g_uri_get_path (uri),
    .query = g_uri_get_query (uri),
    .headers = (const SbHeader *) (gpointer) all->data,
    .n_headers = all->len,
    .payload_hash = hash,
    .region = own ? region : sb_service_get_signing_region (call->operation.service, region),
    .service = call->operation.signing_name,
    .time = (gint64) _sb_call_now (call),
    .flags = s3 ? SB_SIGV4_S3 : SB_SIGV4_NORMALIZE,
  };

  return take_headers (sb_sigv4_sign (&request, credentials), all);
}

/* What libsoup and GIO say becomes a sentence of ours; cancellation and our own errors stay. */
static void
explain (SbCall *call, GUri *uri, GError **error)
{
  GError *cause = *error;
  gboolean local = sb_connection_is_local (call->connection);

  if (cause->domain == SB_ERROR || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  *error = NULL;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_NETWORK,
                 _ ("%s did not answer in %u seconds. Try again later."),
                 g_uri_get_host (uri),
                 sb_connection_get_timeout (call->connection));
  else if (local)
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_NETWORK,
                 _ ("The local engine cannot be reached: %s. Start Sagebrush again."),
                 cause->message);
  else
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_NETWORK,
                 _ ("%s cannot be reached: %s. Check the network connection."),
                 g_uri_get_host (uri),
                 cause->message);
  g_error_free (cause);
}

static gboolean
exchange (SbCall *call,
          const char *region,
          SbCredentials *credentials,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (GUri) uri = make_uri (call, region, error);
  g_autoptr (GPtrArray) headers = NULL;
  SbHttpRequest http;

  if (uri == NULL)
    return FALSE;
  headers =
      credentials != NULL ? sign (call, uri, region, credentials) : leave_unsigned (call, uri);
  http =
      (SbHttpRequest){ .method = call->request->method,
                       .uri = uri,
                       .headers = headers,
                       .body = get_body (call),
                       .source = call->options->source,
                       .sink = call->options->sink,
                       .repeatable = !_sb_recheck_applies (&call->operation),
                       .local =
                           sb_endpoints_is_loopback (sb_connection_get_endpoints (call->connection),
                                                     call->operation.service),
                       .timeout = sb_connection_get_timeout (call->connection) };
  if (_sb_http_send (&http, &call->answer, cancellable, error))
    return TRUE;
  explain (call, uri, error);
  return FALSE;
}

static void
set_bucket_region (SbCall *call, const char *region)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&call->state->lock);

  g_hash_table_replace (call->state->bucket_regions,
                        g_strdup (call->request->bucket),
                        g_strdup (region));
}

/* Whether the service wants to be asked in another Region than it was. */
static gboolean
learn_region (SbCall *call, const char *asked, const char *wanted, const GError *error)
{
  const char *code = sb_error_get_service_code (error);
  guint status = call->answer.status;

  if (call->request->bucket == NULL || wanted == NULL || strcmp (asked, wanted) == 0)
    return FALSE;
  if (status != 301 && status != 307 && status != 400 && status != 403)
    return FALSE;
  if (status == 403 && code != NULL && strcmp (code, "AccessDenied") == 0)
    return FALSE;
  set_bucket_region (call, wanted);
  return TRUE;
}

/*< private >
 * _sb_call_attempt:
 * @call: a call
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Sends the request once; twice if S3 says in which Region the bucket is.
 *
 * Returns: (transfer full) (nullable): the output
 */
JsonObject *
_sb_call_attempt (SbCall *call, GCancellable *cancellable, GError **error)
{
  g_autofree char *region = dup_region (call);
  g_autofree char *wanted = NULL;
  g_autoptr (SbCredentials) credentials = NULL;
  GError *refused;

  if (!call->operation.is_unsigned)
    {
      credentials = sb_credentials_provider_get (sb_connection_get_provider (call->connection),
                                                 cancellable,
                                                 error);
      if (credentials == NULL)
        return NULL;
      g_ptr_array_add (call->secrets, sb_credentials_ref (credentials));
    }
  _sb_answer_clear (&call->answer);
  call->attempts++;
  if (!exchange (call, region, credentials, cancellable, error))
    return NULL;
  refused = _sb_answer_to_error (&call->answer, &call->operation, &wanted);
  if (refused == NULL)
    return _sb_answer_to_output (&call->answer, &call->operation, call->request->decode_url, error);
  if (!call->region_tried && learn_region (call, region, wanted, refused))
    {
      call->region_tried = TRUE;
      g_error_free (refused);
      return _sb_call_attempt (call, cancellable, error);
    }
  g_propagate_error (error, refused);
  return NULL;
}

static gboolean
is_about_time (SbCall *call, const GError *error)
{
  static const char *const codes[] = {
    "RequestTimeTooSkewed",  "RequestExpired", "InvalidSignatureException",
    "SignatureDoesNotMatch", "AuthFailure",    "RequestInTheFuture"
  };
  const char *code = sb_error_get_service_code (error);

  for (gsize i = 0; code != NULL && i < G_N_ELEMENTS (codes); i++)
    if (strcmp (code, codes[i]) == 0)
      return TRUE;
  return code == NULL && call->answer.status == 403;
}

/*< private >
 * _sb_call_learn:
 * @call: a call
 * @error: how the latest attempt ended
 *
 * Takes the time from the service when that is why it refused.
 *
 * Returns: whether another attempt is better informed than the last; once a call
 */
gboolean
_sb_call_learn (SbCall *call, const GError *error)
{
  const char *date = call->answer.headers != NULL
                         ? soup_message_headers_get_one (call->answer.headers, "Date")
                         : NULL;
  g_autoptr (GDateTime) time = NULL;
  double off;

  if (call->clock_tried || date == NULL || !is_about_time (call, error))
    return FALSE;
  time = soup_date_time_new_from_http_string (date);
  if (time == NULL)
    return FALSE;
  off = (double) g_date_time_to_unix (time) - _sb_call_now (call);
  if (fabs (off) < CLOCK_TOLERANCE)
    return FALSE;
  call->clock_tried = TRUE;
  g_mutex_lock (&call->state->lock);
  call->state->clock_offset += (gint64) off;
  g_mutex_unlock (&call->state->lock);
  return TRUE;
}

static gboolean
is_about_keys (const GError *error)
{
  static const char *const codes[] = {
    "ExpiredToken",       "ExpiredTokenException", "TokenRefreshRequired",       "InvalidToken",
    "InvalidAccessKeyId", "InvalidClientTokenId",  "UnrecognizedClientException"
  };
  const char *code = sb_error_get_service_code (error);

  for (gsize i = 0; code != NULL && i < G_N_ELEMENTS (codes); i++)
    if (strcmp (code, codes[i]) == 0)
      return TRUE;
  return FALSE;
}

/*< private >
 * _sb_call_renew:
 * @call: a call
 * @error: (inout): how the latest attempt ended; replaced when the renewal failed and says more
 * @cancellable: (nullable): a cancellable
 *
 * Has the keys renewed when it is they that the service refused; that may ask the person.
 *
 * Returns: whether there are fresh keys to make the call with; once a call
 */
gboolean
_sb_call_renew (SbCall *call, GError **error, GCancellable *cancellable)
{
  SbCredentialsProvider *provider = sb_connection_get_provider (call->connection);
  g_autoptr (GError) local = NULL;

  if (call->renewed || call->secrets->len == 0 || !is_about_keys (*error))
    return FALSE;
  call->renewed = TRUE;
  if (sb_credentials_provider_renew (provider,
                                     g_ptr_array_index (call->secrets, call->secrets->len - 1),
                                     *error,
                                     cancellable,
                                     &local))
    return TRUE;
  if (local != NULL && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (*error);
      *error = g_steal_pointer (&local);
    }
  return FALSE;
}

/*< private >
 * _sb_call_is_transient:
 * @call: a call
 * @error: how the latest attempt ended
 *
 * Returns: whether the same request may well succeed a little later
 */
gboolean
_sb_call_is_transient (SbCall *call, const GError *error)
{
  const char *code = sb_error_get_service_code (error);

  if (error->domain != SB_ERROR)
    return FALSE;
  if (error->code == SB_ERROR_NETWORK || error->code == SB_ERROR_THROTTLED)
    return TRUE;
  /* A container that is slow to start, and a model that failed, fail alike the next time. */
  if (code != NULL && strcmp (code, "ModelError") == 0)
    return FALSE;
  return error->code == SB_ERROR_SERVICE || g_strcmp0 (code, "RequestTimeout") == 0 ||
         g_strcmp0 (code, "IncompleteBody") == 0;
}

/*< private >
 * _sb_call_clear:
 * @call: a call
 *
 * Frees what the call made.
 */
void
_sb_call_clear (SbCall *call)
{
  gsize length;
  gconstpointer body;

  if (call->options->secret && call->answer.body != NULL)
    {
      body = g_bytes_get_data (call->answer.body, &length);
      sb_secret_wipe ((gpointer) body, length);
    }
  g_clear_pointer (&call->request, _sb_request_free);
  g_clear_pointer (&call->secrets, g_ptr_array_unref);
  _sb_answer_clear (&call->answer);
}
