/* sb-names.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-names.h"

#include "wire/sb-error.h"

#include <string.h>

typedef struct
{
  const char *region;
  const char *xgboost; /* xgboost, image-classification: the first generation of algorithms */
  const char *sagemaker_xgboost;
  const char *deep_learning; /* tensorflow-*, pytorch-* */
} RegionAccounts;

#define DLC "763104351884"

/* The accounts that own SageMaker's images, as its documentation lists them per Region. */
static const RegionAccounts accounts[] = {
  { "us-east-1", "811284229777", "683313688378", DLC },
  { "us-east-2", "825641698319", "257758044811", DLC },
  { "us-west-1", "632365934929", "746614075791", DLC },
  { "us-west-2", "433757028032", "246618743249", DLC },
  { "ca-central-1", "469771592824", "341280168497", DLC },
  { "ca-west-1", NULL, "190319476487", "204538143572" },
  { "sa-east-1", "855470959533", "737474898029", DLC },
  { "eu-west-1", "685385470294", "141502667606", DLC },
  { "eu-west-2", "644912444149", "764974769150", DLC },
  { "eu-west-3", "749696950732", "659782779980", DLC },
  { "eu-central-1", "813361260812", "492215442770", DLC },
  { "eu-central-2", "680994064768", "680994064768", "380420809688" },
  { "eu-north-1", "669576153137", "662702820516", DLC },
  { "eu-south-1", "257386234256", "978288397137", "692866216735" },
  { "eu-south-2", "104374241257", "104374241257", "503227376785" },
  { "ap-northeast-1", "501404015308", "354813040037", DLC },
  { "ap-northeast-2", "306986355934", "366743142698", DLC },
  { "ap-northeast-3", "867004704886", "867004704886", "364406365360" },
  { "ap-south-1", "991648021394", "720646828776", DLC },
  { "ap-south-2", "628508329040", "628508329040", "772153158452" },
  { "ap-southeast-1", "475088953585", "121021644041", DLC },
  { "ap-southeast-2", "544295431143", "783357654285", DLC },
  { "ap-southeast-3", "951798379941", "951798379941", "907027046896" },
  { "ap-southeast-4", "106583098589", "106583098589", "457447274322" },
  { "ap-east-1", "286214385809", "651117190479", "871362719292" },
  { "me-south-1", "249704162688", "801668240914", "217643126080" },
  { "me-central-1", "272398656194", "272398656194", "914824155844" },
  { "il-central-1", NULL, "898809789911", "780543022126" },
  { "af-south-1", "455444449433", "510948584623", "626614931356" },
  { "cn-north-1", "390948362332", "450853457545", "727897471807" },
  { "cn-northwest-1", "387376663083", "451049120500", "727897471807" },
  { "us-gov-west-1", "226302683700", "414596584902", "442386744353" },
  { "us-gov-east-1", "237065988967", "237065988967", "446045086412" },
};

/**
 * sb_region_get_partition:
 * @region: such as `us-east-1`
 *
 * Returns: (transfer none): `aws`, `aws-cn` or `aws-us-gov`
 */
const char *
sb_region_get_partition (const char *region)
{
  if (g_str_has_prefix (region, "cn-"))
    return "aws-cn";
  if (g_str_has_prefix (region, "us-gov-"))
    return "aws-us-gov";
  return "aws";
}

/**
 * sb_region_get_dns_suffix:
 * @region: such as `us-east-1`
 *
 * Returns: (transfer none): `amazonaws.com`, or China's
 */
const char *
sb_region_get_dns_suffix (const char *region)
{
  return g_str_has_prefix (region, "cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

typedef struct
{
  const char *service;
  const char *host; /* before the Region */
  const char *fips; /* the same where the cryptography has to be validated */
  const char *gov;  /* and in the aws-us-gov partition */
} HostRow;

/* Most hosts of the aws-us-gov partition are validated without saying so in their name. */
static const HostRow hosts[] = {
  { "sagemaker", "api.sagemaker", "api-fips.sagemaker", "api.sagemaker" },
  { "sagemaker-runtime", "runtime.sagemaker", "runtime-fips.sagemaker", "runtime.sagemaker" },
  { "logs", "logs", "logs-fips", "logs" },
  { "cloudwatch", "monitoring", "monitoring-fips", "monitoring" },
  { "s3", "s3", "s3-fips", "s3-fips" },
  { "sts", "sts", "sts-fips", "sts" },
  { "sso", "portal.sso", "portal.sso-fips", "portal.sso" },
  { "sso-oidc", "oidc", "oidc-fips", "oidc" },
};

/* IAM has one host for all Regions of a partition. */
static char *
iam_host (const char *partition, gboolean fips)
{
  if (strcmp (partition, "aws-cn") == 0)
    return g_strdup ("iam.cn-north-1.amazonaws.com.cn");
  if (strcmp (partition, "aws-us-gov") == 0)
    return g_strdup ("iam.us-gov.amazonaws.com");
  return g_strdup (fips ? "iam-fips.amazonaws.com" : "iam.amazonaws.com");
}

/**
 * sb_service_get_host:
 * @service: `sagemaker`, `sagemaker-runtime`, `logs`, `s3`, `iam`, `sts`, `sso`, `sso-oidc`,
 *   `cloudwatch` or `pricing`
 * @region: such as `us-east-1`
 * @fips: whether its cryptography has to be validated under FIPS 140; of no effect in China, where
 *   there is none
 *
 * Returns: (transfer full): the host of the service in that Region; for S3 in path style
 */
char *
sb_service_get_host (const char *service, const char *region, gboolean fips)
{
  const char *partition = sb_region_get_partition (region);
  const char *suffix = sb_region_get_dns_suffix (region);

  /* One place knows the prices of all Regions. */
  if (strcmp (service, "pricing") == 0)
    return g_strdup ("api.pricing.us-east-1.amazonaws.com");
  if (strcmp (service, "iam") == 0)
    return iam_host (partition, fips);
  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      const HostRow *row = &hosts[i];
      const char *host = row->host;

      if (strcmp (row->service, service) != 0)
        continue;
      if (fips && strcmp (partition, "aws-cn") != 0)
        host = strcmp (partition, "aws") == 0 ? row->fips : row->gov;
      return g_strdup_printf ("%s.%s.%s", host, region, suffix);
    }
  return g_strdup_printf ("%s.%s.%s", service, region, suffix);
}

/**
 * sb_service_get_signing_region:
 * @service: see sb_service_get_host()
 * @region: such as `us-west-2`
 *
 * IAM has one endpoint for all Regions of a partition, which is signed for as the first of them;
 * prices have one for all.
 *
 * Returns: (transfer none): the Region to sign for
 */
const char *
sb_service_get_signing_region (const char *service, const char *region)
{
  if (strcmp (service, "pricing") == 0)
    return "us-east-1";
  if (strcmp (service, "iam") != 0)
    return region;
  if (g_str_has_prefix (region, "cn-"))
    return "cn-north-1";
  return g_str_has_prefix (region, "us-gov-") ? "us-gov-west-1" : "us-east-1";
}

/**
 * sb_arn_new:
 * @partition: such as `aws`
 * @service: such as `sagemaker`
 * @region: "" for services without Regions
 * @account: twelve digits
 * @resource: such as `endpoint/name`
 *
 * Returns: (transfer full): the ARN
 */
char *
sb_arn_new (const char *partition,
            const char *service,
            const char *region,
            const char *account,
            const char *resource)
{
  return g_strdup_printf ("arn:%s:%s:%s:%s:%s", partition, service, region, account, resource);
}

/* S3 has uses of its own for some names. */
static gboolean
is_reserved (const char *name)
{
  static const char *const starts[] = { "xn--", "sthree-", "amzn-s3-demo-" };
  static const char *const ends[] = { "-s3alias", "--ol-s3", ".mrap", "--x-s3" };

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    if (g_str_has_prefix (name, starts[i]))
      return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    if (g_str_has_suffix (name, ends[i]))
      return TRUE;
  return FALSE;
}

/**
 * sb_bucket_name_is_valid:
 * @name: a name
 *
 * Returns: whether S3 would take it for a new bucket
 */
gboolean
sb_bucket_name_is_valid (const char *name)
{
  gsize length = strlen (name);
  gboolean only_numbers = TRUE;

  if (length < 3 || length > 63 || strstr (name, "..") != NULL || is_reserved (name))
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_islower (name[i]) && !g_ascii_isdigit (name[i]) && name[i] != '-' &&
          name[i] != '.')
        return FALSE;
      only_numbers = only_numbers && (g_ascii_isdigit (name[i]) || name[i] == '.');
    }
  if (!g_ascii_isalnum (name[0]) || !g_ascii_isalnum (name[length - 1]))
    return FALSE;
  return !(only_numbers && strchr (name, '.') != NULL && g_hostname_is_ip_address (name));
}

/**
 * sb_bucket_name_mend:
 * @name: a name that S3 may not take
 *
 * Returns: (transfer full): the nearest name that it takes: in lower case, with hyphens for what is
 *   not allowed, not too short and not too long
 */
char *
sb_bucket_name_mend (const char *name)
{
  g_autofree char *lower = g_utf8_strdown (name, -1);
  g_autofree char *plain = g_str_to_ascii (lower, "C");
  GString *mended = g_string_new (NULL);

  for (const char *c = plain; *c != '\0' && mended->len < 56; c++)
    if (g_ascii_islower (*c) || g_ascii_isdigit (*c))
      g_string_append_c (mended, *c);
    else if (mended->len > 0 && mended->str[mended->len - 1] != '-')
      g_string_append_c (mended, '-');
  while (mended->len > 0 && mended->str[mended->len - 1] == '-')
    g_string_truncate (mended, mended->len - 1);
  if (mended->len < 3 || is_reserved (mended->str))
    g_string_prepend (mended, "bucket-");
  if (is_reserved (mended->str))
    g_string_append (mended, "-1");
  while (mended->str[mended->len - 1] == '-')
    g_string_truncate (mended, mended->len - 1);
  return g_string_free (mended, FALSE);
}

/**
 * sb_job_name_new:
 * @base: what the name begins with
 * @time_ms: milliseconds since 1970
 *
 * Returns: (transfer full): `BASE-YYYY-MM-DD-HH-MM-SS-mmm` in UTC, as SageMaker's SDK names jobs;
 *   @base is cut so that 63 characters are enough
 */
char *
sb_job_name_new (const char *base, gint64 time_ms)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (time_ms / 1000);
  g_autofree char *stamp = g_date_time_format (time, "%Y-%m-%d-%H-%M-%S");

  return g_strdup_printf ("%.39s-%s-%03d", base, stamp, (int) (time_ms % 1000));
}

/**
 * sb_image_get_repository:
 * @image: such as `811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest`
 *
 * Returns: (transfer full): its repository without registry and tag, such as `xgboost`; engine
 *   images such as `local/digits:1` keep their `local/`
 */
char *
sb_image_get_repository (const char *image)
{
  const char *start = image;
  const char *slash = strchr (image, '/');
  const char *end;

  if (slash != NULL && memchr (image, '.', (gsize) (slash - image)) != NULL)
    start = slash + 1;
  end = strpbrk (start, ":@");
  return end != NULL ? g_strndup (start, (gsize) (end - start)) : g_strdup (start);
}

/* Sizes whose number does not tell: a size N has four times N virtual processors elsewhere. */
static const struct
{
  const char *type;
  guint n_vcpus;
} odd_types[] = {
  { "c4.8xlarge", 36 },
};

/**
 * sb_instance_type_get_n_vcpus:
 * @type: an instance type, such as `ml.c5.2xlarge`
 *
 * Returns: its virtual processors, as Amazon EC2's table of instance types has them; 0 for a type
 *   that cannot be one
 */
guint
sb_instance_type_get_n_vcpus (const char *type)
{
  const char *name = g_str_has_prefix (type, "ml.") ? type + strlen ("ml.") : type;
  const char *size = strchr (name, '.');
  char *rest;
  guint64 factor;

  for (gsize i = 0; i < G_N_ELEMENTS (odd_types); i++)
    if (strcmp (odd_types[i].type, name) == 0)
      return odd_types[i].n_vcpus;
  if (size == NULL)
    return 0;
  size++;
  if (strcmp (size, "medium") == 0 || strcmp (size, "large") == 0)
    return 2;
  if (strcmp (size, "xlarge") == 0)
    return 4;
  factor = g_ascii_strtoull (size, &rest, 10);
  return strcmp (rest, "xlarge") == 0 && factor > 0 && factor <= 1024 ? 4 * (guint) factor : 0;
}

/**
 * sb_image_uri:
 * @algorithm: `xgboost`, `sagemaker-xgboost:TAG`, `image-classification`, or a deep-learning
 *   repository with its tag, such as `pytorch-training:2.8.0-cpu-py312`
 * @region: such as `us-east-1`
 * @error: %SB_ERROR_INVALID when that Region has no such image
 *
 * Returns: (transfer full) (nullable): the URI of SageMaker's own image
 */
char *
sb_image_uri (const char *algorithm, const char *region, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (algorithm, ":", 2);
  const char *account = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (accounts); i++)
    {
      if (strcmp (accounts[i].region, region) != 0)
        continue;
      if (strcmp (parts[0], "xgboost") == 0 || strcmp (parts[0], "image-classification") == 0)
        account = accounts[i].xgboost;
      else if (strcmp (parts[0], "sagemaker-xgboost") == 0)
        account = accounts[i].sagemaker_xgboost;
      else
        account = accounts[i].deep_learning;
    }
  if (account == NULL)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   "SageMaker has no image of “%s” in the Region %s; choose another Region",
                   algorithm,
                   region);
      return NULL;
    }
  return g_strdup_printf ("%s.dkr.ecr.%s.%s/%s:%s",
                          account,
                          region,
                          sb_region_get_dns_suffix (region),
                          parts[0],
                          parts[1] != NULL ? parts[1] : "1");
}
