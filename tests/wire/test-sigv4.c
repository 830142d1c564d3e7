/* test-sigv4.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "wire/sb-error.h"
#include "wire/sb-sigv4.h"

#include <json-glib/json-glib.h>
#include <locale.h>
#include <string.h>

/* One folder of the signing vectors. */
typedef struct
{
  char *folder;
  char *method;
  char *path;
  char *query;
  GArray *headers;
  char *body;
  JsonObject *context;
  SbCredentials *credentials;
  SbSigv4Request request;
} Vector;

static char *
read_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

/* The first line is METHOD PATH HTTP/1.1, in which the path may hold spaces. */
static void
vector_parse_request (Vector *vector)
{
  g_autofree char *text = read_file (vector->folder, "request.txt");
  char *blank = strstr (text, "\n\n");
  g_auto (GStrv) lines = NULL;
  char *start, *end, *question;

  vector->body = g_strdup (blank != NULL ? blank + 2 : "");
  if (blank != NULL)
    *blank = '\0';
  lines = g_strsplit (text, "\n", -1);
  start = strchr (lines[0], ' ') + 1;
  end = strrchr (lines[0], ' ');
  vector->method = g_strndup (lines[0], (gsize) (start - lines[0] - 1));
  vector->path = g_strndup (start, (gsize) (end - start));
  question = strchr (vector->path, '?');
  if (question != NULL)
    {
      vector->query = g_strdup (question + 1);
      *question = '\0';
    }
  vector->headers = g_array_new (FALSE, FALSE, sizeof (SbHeader));
  for (gsize i = 1; lines[i] != NULL; i++)
    {
      char *colon = strchr (lines[i], ':');
      SbHeader header;

      if (colon == NULL)
        continue;
      header.name = g_strndup (lines[i], (gsize) (colon - lines[i]));
      header.value = g_strdup (colon + 1);
      g_array_append_val (vector->headers, header);
    }
}

static void
vector_load (Vector *vector, const char *folder)
{
  g_autofree char *text = read_file (folder, "context.json");
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  JsonObject *keys;

  vector->folder = g_strdup (folder);
  vector->context = json_object_ref (json_node_get_object (node));
  vector_parse_request (vector);
  keys = json_object_get_object_member (vector->context, "credentials");
  vector->credentials =
      sb_credentials_new (json_object_get_string_member (keys, "access_key_id"),
                          json_object_get_string_member (keys, "secret_access_key"),
                          json_object_get_string_member_with_default (keys, "token", NULL));
  vector->request = (SbSigv4Request){
    .method = vector->method,
    .path = vector->path,
    .query = vector->query,
    .headers = (const SbHeader *) vector->headers->data,
    .n_headers = vector->headers->len,
    .region = json_object_get_string_member (vector->context, "region"),
    .service = json_object_get_string_member (vector->context, "service"),
    .time = 1440938160,
  };
  if (json_object_get_boolean_member (vector->context, "normalize"))
    vector->request.flags |= SB_SIGV4_NORMALIZE;
  if (json_object_get_boolean_member (vector->context, "sign_body"))
    vector->request.flags |= SB_SIGV4_SIGN_BODY;
  if (json_object_get_boolean_member_with_default (vector->context, "omit_session_token", FALSE))
    vector->request.flags |= SB_SIGV4_OMIT_SESSION_TOKEN;
}

static void
vector_clear (Vector *vector)
{
  for (guint i = 0; i < vector->headers->len; i++)
    {
      SbHeader *header = &g_array_index (vector->headers, SbHeader, i);

      g_free (header->name);
      g_free (header->value);
    }
  g_array_unref (vector->headers);
  json_object_unref (vector->context);
  sb_credentials_unref (vector->credentials);
  g_free (vector->folder);
  g_free (vector->method);
  g_free (vector->path);
  g_free (vector->query);
  g_free (vector->body);
}

static void
assert_file (const Vector *vector, const char *name, const char *text)
{
  g_autofree char *expected = read_file (vector->folder, name);

  g_assert_cmpstr (text, ==, expected);
}

/* Checks the canonical request, the string to sign and the signature of a finished request. */
static void
assert_stages (const Vector *vector,
               const SbSigv4Request *complete,
               const char *canonical,
               const char *kind)
{
  g_autofree char *text =
      sb_sigv4_string_to_sign (canonical, complete->time, complete->region, complete->service);
  g_autofree char *canonical_name = g_strconcat (kind, "-canonical-request.txt", NULL);
  g_autofree char *text_name = g_strconcat (kind, "-string-to-sign.txt", NULL);
  g_autofree char *signature_name = g_strconcat (kind, "-signature.txt", NULL);
  g_autofree char *signature = NULL;
  guint8 key[SB_SHA256_LENGTH];

  assert_file (vector, canonical_name, canonical);
  assert_file (vector, text_name, text);
  sb_sigv4_signing_key (sb_credentials_get_secret_access_key (vector->credentials),
                        "20150830",
                        complete->region,
                        complete->service,
                        key);
  signature = sb_sigv4_signature (key, text);
  assert_file (vector, signature_name, signature);
}

static char *
request_text (const Vector *vector, const char *query, const GArray *headers, GPtrArray *added)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text,
                          "%s %s%s%s HTTP/1.1\n",
                          vector->method,
                          vector->path,
                          query != NULL ? "?" : "",
                          query != NULL ? query : "");
  for (guint i = 0; i < headers->len; i++)
    {
      const SbHeader *header = &g_array_index (headers, SbHeader, i);

      g_string_append_printf (text, "%s:%s\n", header->name, header->value);
    }
  for (guint i = 0; added != NULL && i < added->len; i++)
    {
      const SbHeader *header = g_ptr_array_index (added, i);

      g_string_append_printf (text, "%s:%s\n", header->name, header->value);
    }
  g_string_append_printf (text, "\n%s", vector->body);
  return g_string_free (text, FALSE);
}

/* The order in which a signer adds its own headers is its own affair: compare the lines. */
static void
assert_same_lines (const char *left, const char *right)
{
  g_auto (GStrv) a = g_strsplit (left, "\n", -1);
  g_auto (GStrv) b = g_strsplit (right, "\n", -1);
  gsize n_a = 0, n_b = 0;

  g_assert_cmpstr (a[0], ==, b[0]);
  for (gsize i = 0; a[i] != NULL; i++)
    {
      n_a += *a[i] != '\0';
      if (*a[i] != '\0' && !g_strv_contains ((const char *const *) b, a[i]))
        g_error ("only signed here: %s", a[i]);
    }
  for (gsize i = 0; b[i] != NULL; i++)
    n_b += *b[i] != '\0';
  g_assert_cmpuint (n_a, ==, n_b);
}

static void
check_header_signing (Vector *vector)
{
  g_autofree char *hash = sb_sha256_hex (vector->body, -1);
  g_autoptr (GPtrArray) added = NULL;
  g_autoptr (GArray) all = g_array_copy (vector->headers);
  g_autofree char *canonical = NULL, *expected = NULL, *text = NULL;
  SbSigv4Request complete;

  vector->request.payload_hash = hash;
  added = sb_sigv4_sign (&vector->request, vector->credentials);
  for (guint i = 0; i < added->len; i++)
    {
      const SbHeader *header = g_ptr_array_index (added, i);
      gboolean omitted = (vector->request.flags & SB_SIGV4_OMIT_SESSION_TOKEN) != 0 &&
                         strcmp (header->name, "X-Amz-Security-Token") == 0;

      if (!omitted)
        g_array_append_val (all, *header);
    }
  complete = vector->request;
  complete.headers = (const SbHeader *) all->data;
  complete.n_headers = all->len;
  canonical = sb_sigv4_canonical_request (&complete, NULL, NULL);
  assert_stages (vector, &complete, canonical, "header");
  expected = read_file (vector->folder, "header-signed-request.txt");
  text = request_text (vector, vector->query, vector->headers, added);
  assert_same_lines (text, expected);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static char *
sorted_first_line (const char *text)
{
  g_autofree char *line = g_strndup (text, strcspn (text, "\n"));
  char *question = strchr (line, '?');
  char *end = strrchr (line, ' ');
  g_auto (GStrv) parts = NULL;
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  g_autofree char *joined = NULL;

  g_assert_nonnull (question);
  *end = '\0';
  parts = g_strsplit (question + 1, "&", -1);
  for (gsize i = 0; parts[i] != NULL; i++)
    g_ptr_array_add (sorted, parts[i]);
  g_ptr_array_sort (sorted, compare_strings);
  g_ptr_array_add (sorted, NULL);
  joined = g_strjoinv ("&", (char **) sorted->pdata);
  *question = '\0';
  return g_strconcat (line, "?", joined, NULL);
}

static void
check_query_signing (Vector *vector)
{
  g_autofree char *hash = sb_sha256_hex (vector->body, -1);
  g_autofree char *query = NULL, *canonical = NULL, *expected = NULL, *text = NULL;
  g_autofree char *mine = NULL, *theirs = NULL;
  guint expires = (guint) json_object_get_int_member (vector->context, "expiration_in_seconds");
  SbSigv4Request complete;

  vector->request.payload_hash = hash;
  query = sb_sigv4_presign_query (&vector->request, vector->credentials, expires);
  complete = vector->request;
  complete.query = query;
  if ((vector->request.flags & SB_SIGV4_OMIT_SESSION_TOKEN) == 0)
    {
      canonical = sb_sigv4_canonical_request (&complete, NULL, NULL);
      assert_stages (vector, &complete, canonical, "query");
    }
  expected = read_file (vector->folder, "query-signed-request.txt");
  text = request_text (vector, query, vector->headers, NULL);
  mine = sorted_first_line (text);
  theirs = sorted_first_line (expected);
  g_assert_cmpstr (mine, ==, theirs);
  g_assert_cmpstr (strchr (text, '\n'), ==, strchr (expected, '\n'));
}

static void
test_vector (gconstpointer folder)
{
  Vector vector = { NULL };

  vector_load (&vector, folder);
  check_header_signing (&vector);
  check_query_signing (&vector);
  vector_clear (&vector);
}

/* Verification accepts what was signed and refuses every single change. */
static void
test_verify (void)
{
  SbHeader headers[] = { { (char *) "Host", (char *) "127.0.0.1:4000" },
                         { (char *) "Content-Type", (char *) "text/csv" } };
  g_autoptr (SbCredentials) credentials = sb_credentials_new ("AKID", "secret", NULL);
  SbSigv4Request request = { "POST",      "/endpoints/a/invocations",
                             "b=2&a=1",   headers,
                             2,           SB_SHA256_EMPTY,
                             "eu-west-1", "sagemaker",
                             1440938160 };
  g_autoptr (GPtrArray) added = sb_sigv4_sign (&request, credentials);
  SbHeader all[4];
  g_autoptr (SbSigv4Claim) claim = NULL;
  g_autoptr (GError) error = NULL;
  guint8 key[SB_SHA256_LENGTH];
  SbSigv4Request received = request, changed;

  g_assert_cmpuint (added->len, ==, 2);
  memcpy (all, headers, sizeof headers);
  all[2] = *(SbHeader *) added->pdata[0];
  all[3] = *(SbHeader *) added->pdata[1];
  received.headers = all;
  received.n_headers = 4;
  claim = sb_sigv4_parse (all, 4, received.query, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (claim->access_key_id, ==, "AKID");
  g_assert_cmpstr (claim->service, ==, "sagemaker");
  g_assert_cmpint (claim->time, ==, 1440938160);
  sb_sigv4_signing_key ("secret", claim->date, claim->region, claim->service, key);
  g_assert_true (sb_sigv4_verify (claim, &received, key));

  changed = received;
  changed.method = "PUT";
  g_assert_false (sb_sigv4_verify (claim, &changed, key));
  changed = received;
  changed.path = "/endpoints/b/invocations";
  g_assert_false (sb_sigv4_verify (claim, &changed, key));
  changed = received;
  changed.query = "b=2&a=2";
  g_assert_false (sb_sigv4_verify (claim, &changed, key));
  changed = received;
  changed.payload_hash = "00";
  g_assert_false (sb_sigv4_verify (claim, &changed, key));
  all[1].value = (char *) "text/json";
  g_assert_false (sb_sigv4_verify (claim, &received, key));
  all[1].value = (char *) "text/csv";
  key[31] ^= 1;
  g_assert_false (sb_sigv4_verify (claim, &received, key));
}

static void
test_refused_claims (void)
{
  static const char *const bad[] = {
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request",
    "AWS4-HMAC-SHA256 Credential=A/20150830/r/aws4_request, SignedHeaders=host, Signature=00",
    "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=date, Signature=00",
    "AWS4-HMAC-SHA256 Credential=A/20160830/r/s/aws4_request, SignedHeaders=host, Signature=00",
    "Basic dXNlcjpwYXNz",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      SbHeader headers[] = { { (char *) "Authorization", (char *) bad[i] },
                             { (char *) "X-Amz-Date", (char *) "20150830T123600Z" } };
      g_autoptr (GError) error = NULL;

      g_assert_null (sb_sigv4_parse (headers, 2, NULL, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_CREDENTIALS);
    }
}

/* S3's path rule and literal, computed with botocore. */
static void
test_s3 (void)
{
  SbHeader host = { (char *) "Host", (char *) "examplebucket.s3.us-west-2.amazonaws.com" };
  g_autoptr (SbCredentials) credentials =
      sb_credentials_new ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", NULL);
  SbSigv4Request request = { "GET",           "/a%20b/c%2Bd.txt", NULL, &host,      1,
                             SB_SHA256_EMPTY, "us-west-2",        "s3", 1440938160, SB_SIGV4_S3 };
  g_autoptr (GPtrArray) added = sb_sigv4_sign (&request, credentials);
  const SbHeader *authorization = g_ptr_array_index (added, added->len - 1);
  g_autofree char *query = NULL;

  g_assert_true (
      g_str_has_suffix (authorization->value,
                        "43ea6ced42c45ecdd5801af5de5614854612602d33be4d76647195ca3551b495"));
  request.path = "/a%20b";
  request.payload_hash = SB_SIGV4_UNSIGNED_PAYLOAD;
  query = sb_sigv4_presign_query (&request, credentials, 300);
  g_assert_true (
      g_str_has_suffix (query, "7867acb0d12b3d9436adc5e982d75e9f3d2654c11841fb211bc7963b30c3d9b1"));
}

static void
add_vectors (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_strconcat ("/sigv4/vector/", name, NULL);

      g_test_add_data_func_full (path, g_build_filename (folder, name, NULL), test_vector, g_free);
    }
}

static void
test_no_vectors (void)
{
  g_test_skip ("the signing vectors are not there: set SAGEBRUSH_TEST_DATA");
}

int
main (int argc, char **argv)
{
  const char *data = g_getenv ("SAGEBRUSH_TEST_DATA");
  g_autofree char *folder = NULL;

  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  folder = data != NULL
               ? g_build_filename (data, "sigv4", NULL)
               : g_build_filename (
                     g_getenv ("SAGEBRUSH_SOURCE_DIR"), "..", "shared", "data", "sigv4", NULL);
  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    add_vectors (folder);
  else
    g_test_add_func ("/sigv4/vectors", test_no_vectors);
  g_test_add_func ("/sigv4/verify", test_verify);
  g_test_add_func ("/sigv4/refused-claims", test_refused_claims);
  g_test_add_func ("/sigv4/s3", test_s3);
  return g_test_run ();
}
