/* sb-uri.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-uri.h"

#include "wire/sb-error.h"

#include <string.h>

static gboolean
is_unreserved (guchar c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '_' || c == '.' || c == '~';
}

/**
 * sb_uri_encode:
 * @text: bytes, UTF-8 or not
 * @length: how many, or -1 when @text ends with a NUL
 * @keep_slash: whether `/` stays as it is
 *
 * Percent-encodes the way AWS does: letters, digits and `-_.~` stay, hexadecimal is upper case.
 *
 * Returns: (transfer full): the encoded text
 */
char *
sb_uri_encode (const char *text, gssize length, gboolean keep_slash)
{
  static const char digits[] = "0123456789ABCDEF";
  gsize n = length < 0 ? strlen (text) : (gsize) length;
  char *encoded = g_malloc (3 * n + 1);
  char *end = encoded;

  for (gsize i = 0; i < n; i++)
    {
      guchar c = (guchar) text[i];

      if (is_unreserved (c) || (c == '/' && keep_slash))
        {
          *end++ = (char) c;
          continue;
        }
      *end++ = '%';
      *end++ = digits[c >> 4];
      *end++ = digits[c & 15];
    }
  *end = '\0';
  return encoded;
}

/**
 * sb_uri_decode:
 * @text: percent-encoded text; a `%` that starts no hexadecimal pair stays as it is
 * @length: how many bytes of it, or -1
 * @decoded_length: (out) (optional): how many bytes came out, for text that may hold NULs
 *
 * Returns: (transfer full): the bytes, with a NUL behind them
 */
char *
sb_uri_decode (const char *text, gssize length, gsize *decoded_length)
{
  gsize n = length < 0 ? strlen (text) : (gsize) length;
  char *decoded = g_malloc (n + 1);
  gsize end = 0;

  for (gsize i = 0; i < n; i++)
    {
      if (text[i] == '%' && i + 2 < n && g_ascii_isxdigit (text[i + 1]) &&
          g_ascii_isxdigit (text[i + 2]))
        {
          decoded[end++] =
              (char) (g_ascii_xdigit_value (text[i + 1]) * 16 + g_ascii_xdigit_value (text[i + 2]));
          i += 2;
        }
      else
        decoded[end++] = text[i];
    }
  decoded[end] = '\0';
  if (decoded_length != NULL)
    *decoded_length = end;
  return decoded;
}

static void
pair_free (gpointer data)
{
  SbPair *pair = data;

  g_free (pair->name);
  g_free (pair->value);
  g_free (pair);
}

/**
 * sb_query_parse:
 * @query: (nullable): a raw query, without its `?`
 *
 * A `+` stays a plus sign, as in AWS's signatures. A name without `=` gets the value "".
 *
 * Returns: (transfer full) (element-type SbPair): names and values, decoded, in their order
 */
GPtrArray *
sb_query_parse (const char *query)
{
  GPtrArray *pairs = g_ptr_array_new_with_free_func (pair_free);
  const char *start = query;

  while (start != NULL && *start != '\0')
    {
      const char *end = strchrnul (start, '&');
      const char *equals = memchr (start, '=', (gsize) (end - start));
      SbPair *pair;

      if (end > start)
        {
          pair = g_new0 (SbPair, 1);
          pair->name = sb_uri_decode (start, (equals != NULL ? equals : end) - start, NULL);
          pair->value =
              equals != NULL ? sb_uri_decode (equals + 1, end - equals - 1, NULL) : g_strdup ("");
          g_ptr_array_add (pairs, pair);
        }
      start = *end == '&' ? end + 1 : NULL;
    }
  return pairs;
}

/**
 * sb_query_lookup:
 *
 * Returns: (nullable): the value of the first pair of that name, owned by @pairs
 */
const char *
sb_query_lookup (GPtrArray *pairs, const char *name)
{
  for (guint i = 0; i < pairs->len; i++)
    {
      const SbPair *pair = g_ptr_array_index (pairs, i);

      if (strcmp (pair->name, name) == 0)
        return pair->value;
    }
  return NULL;
}

/**
 * sb_s3_uri_parse:
 * @uri: such as `s3://bucket/some/key`
 * @bucket: (out) (optional): the bucket's name
 * @key: (out) (optional): what follows the slash behind it, perhaps ""
 * @error: %SB_ERROR_INVALID when @uri is no S3 URI
 */
gboolean
sb_s3_uri_parse (const char *uri, char **bucket, char **key, GError **error)
{
  const char *rest = uri != NULL && g_str_has_prefix (uri, "s3://") ? uri + 5 : NULL;
  const char *slash = rest != NULL ? strchrnul (rest, '/') : NULL;

  if (rest == NULL || slash == rest)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   "“%s” is no S3 address; it has to look like s3://bucket/path",
                   uri != NULL ? uri : "");
      return FALSE;
    }
  if (bucket != NULL)
    *bucket = g_strndup (rest, (gsize) (slash - rest));
  if (key != NULL)
    *key = g_strdup (*slash == '/' ? slash + 1 : "");
  return TRUE;
}

/* "bucket.s3.eu-west-1.amazonaws.com", "s3.amazonaws.com" with the bucket in the path, and the
 * console's pages. */
static char *
bucket_from_url (const char *text)
{
  static const char *const patterns[] = {
    "^https?://[^/]*console[^/]*/s3/(?:buckets|object)/([^/?]+)",
    "^https?://([^/]+)\\.s3[.-][a-z0-9.-]*amazonaws\\.com(?:\\.cn)?(?:[/?:]|$)",
    "^https?://s3[.-][a-z0-9.-]*amazonaws\\.com(?:\\.cn)?(?::\\d+)?/([^/?]+)",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autoptr (GRegex) regex = g_regex_new (patterns[i], 0, 0, NULL);
      g_autoptr (GMatchInfo) match = NULL;

      if (g_regex_match (regex, text, 0, &match))
        return g_match_info_fetch (match, 1);
    }
  return NULL;
}

/**
 * sb_bucket_from_text:
 * @text: what somebody has typed or pasted where a bucket's name is wanted
 * @whole: (out) (optional): whether @text was the name and nothing else, but for white space
 *
 * Takes the name out of an S3 address, an ARN or an address of a browser; anything else is the name
 * itself, whether it is valid or not.
 *
 * Returns: (transfer full): the bucket's name
 */
char *
sb_bucket_from_text (const char *text, gboolean *whole)
{
  static const char *const starts[] = { "s3://", "s3a://", "s3n://", "S3://" };
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  const char *rest = NULL;
  char *name;

  for (gsize i = 0; rest == NULL && i < G_N_ELEMENTS (starts); i++)
    if (g_str_has_prefix (stripped, starts[i]))
      rest = stripped + strlen (starts[i]);
  if (rest == NULL && g_str_has_prefix (stripped, "arn:"))
    rest = strstr (stripped, ":s3:::") != NULL ? strstr (stripped, ":s3:::") + 6 : NULL;
  name = rest != NULL ? g_strndup (rest, strcspn (rest, "/?")) : bucket_from_url (stripped);
  /* "bucket/path", as people write it, too. */
  if (name == NULL && strstr (stripped, "://") == NULL)
    name = g_strndup (stripped, strcspn (stripped, "/"));
  if (name == NULL)
    name = g_strdup (stripped);
  if (whole != NULL)
    *whole = strcmp (name, stripped) == 0;
  return name;
}
