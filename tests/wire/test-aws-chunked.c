/* test-aws-chunked.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "wire/sb-aws-chunked.h"
#include "wire/sb-error.h"
#include "wire/sb-sigv4.h"

#define AMZ_DATE "20130524T000000Z"
#define SCOPE    "20130524/us-east-1/s3/aws4_request"
/* Of the documentation's example: the signature of the headers, and those of its three chunks. */
#define SEED   "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
#define CHUNK1 "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
#define CHUNK2 "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
#define CHUNK3 "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"

static gboolean
collect (const guint8 *data, gsize length, gpointer user_data, GError **error)
{
  g_string_append_len (user_data, (const char *) data, (gssize) length);
  return TRUE;
}

static gboolean
decode_in_pieces (SbAwsChunked *decoder, const char *text, gsize piece, GError **error)
{
  gsize length = strlen (text);

  for (gsize done = 0; done < length; done += piece)
    if (!sb_aws_chunked_feed (
            decoder, (const guint8 *) text + done, MIN (piece, length - done), error))
      return FALSE;
  return sb_aws_chunked_finish (decoder, error);
}

/* However the bytes are cut, the same comes out. */
static void
test_trailer (void)
{
  static const char text[] =
      "5\r\nhello\r\n7\r\n\r\nworld\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n";

  for (gsize piece = 1; piece <= sizeof text; piece++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GString) out = g_string_new (NULL);
      g_autoptr (SbAwsChunked) decoder = sb_aws_chunked_new (collect, out);

      g_assert_true (decode_in_pieces (decoder, text, piece, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (out->str, ==, "hello\r\nworld");
      g_assert_cmpuint (sb_aws_chunked_get_decoded_length (decoder), ==, 12);
      g_assert_cmpstr (sb_aws_chunked_get_trailer (decoder, "x-amz-checksum-crc32"),
                       ==,
                       "AAAAAA==");
    }
}

static void
expect_example (SbAwsChunked *decoder)
{
  guint8 key[SB_SHA256_LENGTH];

  sb_sigv4_signing_key (
      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1", "s3", key);
  sb_aws_chunked_expect_signatures (decoder, key, AMZ_DATE, SCOPE, SEED);
}

/* 65 KiB of "a" in chunks of 64 and 1 KiB, as the service's documentation signs them. */
static char *
make_example (char first)
{
  GString *text = g_string_new ("10000;chunk-signature=" CHUNK1 "\r\n");

  g_string_append_c (text, first);
  for (guint i = 1; i < 65536; i++)
    g_string_append_c (text, 'a');
  g_string_append (text, "\r\n400;chunk-signature=" CHUNK2 "\r\n");
  for (guint i = 0; i < 1024; i++)
    g_string_append_c (text, 'a');
  g_string_append (text, "\r\n0;chunk-signature=" CHUNK3 "\r\n\r\n");
  return g_string_free (text, FALSE);
}

static void
test_signed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (SbAwsChunked) decoder = sb_aws_chunked_new (collect, out);
  g_autofree char *text = make_example ('a');

  expect_example (decoder);
  g_assert_true (decode_in_pieces (decoder, text, 1000, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (out->len, ==, 66560);
}

static void
test_signed_wrong (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (SbAwsChunked) decoder = sb_aws_chunked_new (collect, out);
  g_autofree char *text = make_example ('b');

  expect_example (decoder);
  g_assert_false (decode_in_pieces (decoder, text, 1000, &error));
  g_assert_cmpstr (sb_error_get_service_code (error), ==, "SignatureDoesNotMatch");
}

static void
test_refuse (void)
{
  static const struct
  {
    const char *text;
    const char *code;
  } cases[] = {
    { "", "IncompleteBody" },
    { "5\r\nhel", "IncompleteBody" },
    { "5\r\nhello", "IncompleteBody" },
    { "x\r\nhello\r\n0\r\n\r\n", "InvalidRequest" },
    { "-5\r\nhello\r\n0\r\n\r\n", "InvalidRequest" },
    { "5\r\nhello!\r\n0\r\n\r\n", "InvalidRequest" },
    { "0\r\nno colon\r\n\r\n", "InvalidRequest" },
    { "0\r\n\r\nmore", "InvalidRequest" },
    { "ffffffffffffffff\r\n", "InvalidRequest" },
  };
  g_autofree char *long_line = g_strnfill (5000, '0');
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) rest = g_string_new (NULL);
  g_autoptr (SbAwsChunked) last = sb_aws_chunked_new (collect, rest);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) refused = NULL;
      g_autoptr (GString) out = g_string_new (NULL);
      g_autoptr (SbAwsChunked) decoder = sb_aws_chunked_new (collect, out);

      g_assert_false (decode_in_pieces (decoder, cases[i].text, 4, &refused));
      g_assert_cmpstr (sb_error_get_service_code (refused), ==, cases[i].code);
    }
  g_assert_false (decode_in_pieces (last, long_line, 100, &error));
  g_assert_cmpstr (sb_error_get_service_code (error), ==, "InvalidRequest");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/aws-chunked/trailer", test_trailer);
  g_test_add_func ("/wire/aws-chunked/signed", test_signed);
  g_test_add_func ("/wire/aws-chunked/signed-wrong", test_signed_wrong);
  g_test_add_func ("/wire/aws-chunked/refuse", test_refuse);
  return g_test_run ();
}
