/* sb-etag.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What S3's ETags say of the bytes.
 */

#include "config.h"

#include "cloud/sb-etag-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

/*< private >
 * _sb_etag_of_md5:
 * @md5: checksum of an object or a part
 *
 * Returns: (transfer full): its ETag, with the quotes
 */
char *
_sb_etag_of_md5 (const guint8 md5[SB_MD5_LENGTH])
{
  g_autofree char *hex = sb_hex (md5, SB_MD5_LENGTH);

  return g_strdup_printf ("\"%s\"", hex);
}

/*< private >
 * _sb_etag_of_parts:
 * @md5s: the parts' checksums, one behind the other
 * @n_parts: how many
 *
 * Returns: (transfer full): the ETag of an object of these parts
 */
char *
_sb_etag_of_parts (const guint8 *md5s, guint n_parts)
{
  g_autofree char *hex = sb_digest_hex (SB_DIGEST_MD5, md5s, (gssize) n_parts * SB_MD5_LENGTH);

  return g_strdup_printf ("\"%s-%u\"", hex, n_parts);
}

/*< private >
 * _sb_etag_get_n_parts:
 * @etag: (nullable): an ETag
 *
 * Returns: of how many parts the object is; 0 for one that was sent in one piece
 */
guint
_sb_etag_get_n_parts (const char *etag)
{
  const char *dash = etag != NULL ? strchr (etag, '-') : NULL;

  return dash != NULL ? (guint) g_ascii_strtoull (dash + 1, NULL, 10) : 0;
}

/*< private >
 * _sb_etag_is_md5:
 * @output: an answer of S3
 *
 * Returns: whether its ETag is made of MD5s; those of objects under a key of KMS or the customer
 *   are not
 */
gboolean
_sb_etag_is_md5 (JsonObject *output)
{
  const char *encryption = sb_json_get_string (output, "ServerSideEncryption", "");
  const char *etag = sb_json_get_string (output, "ETag", "");

  return !g_str_has_prefix (encryption, "aws:kms") &&
         !json_object_has_member (output, "SSECustomerAlgorithm") &&
         strspn (etag, "\"0123456789abcdef") >= 32;
}

/*< private >
 * _sb_etag_check:
 * @output: an answer of S3
 * @expected: the ETag that it should have
 * @error: %SB_ERROR_INTEGRITY
 *
 * Returns: whether S3 has the bytes that we have, as far as its answer tells
 */
gboolean
_sb_etag_check (JsonObject *output, const char *expected, GError **error)
{
  g_auto (GStrv) halves = g_strsplit (expected, "\"", 3);
  const char *etag = sb_json_get_string (output, "ETag", NULL);

  if (etag == NULL || !_sb_etag_is_md5 (output) || strstr (etag, halves[1]) != NULL)
    return TRUE;
  g_set_error_literal (
      error,
      SB_ERROR,
      SB_ERROR_INTEGRITY,
      _ ("What arrived is not what was sent: the checksums differ. Try again; if it "
         "happens again, check the network and the memory of this computer."));
  return FALSE;
}

/*< private >
 * _sb_transfer_describe:
 * @kind: `upload`, `upload-folder`, `upload-list` or `download`
 * @bucket: the bucket
 * @key: the key, or the prefix of a folder
 * @path: the file or folder
 *
 * Returns: (transfer full): what the journal says of every call of this transfer
 */
JsonObject *
_sb_transfer_describe (const char *kind, const char *bucket, const char *key, const char *path)
{
  g_autofree char *id = g_uuid_string_random ();

  return sb_json_object_new ("id",
                             "s",
                             id,
                             "kind",
                             "s",
                             kind,
                             "bucket",
                             "s",
                             bucket,
                             "key",
                             "s",
                             key,
                             "path",
                             "s",
                             path,
                             NULL);
}
