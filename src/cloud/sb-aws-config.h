/* sb-aws-config.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbAwsConfig:
 *
 * What the tools of AWS keep in `~/.aws/config` and `~/.aws/credentials`, read as they read it:
 * names of values are in lower case, a value of an indented block is called `block.name`, and what
 * the credentials file says of a profile counts before what the config file says. Immutable; its
 * values are wiped from memory when it is freed.
 */
typedef struct _SbAwsConfig SbAwsConfig;

/**
 * SbAwsFile:
 * @SB_AWS_CONFIG_FILE: `~/.aws/config`
 * @SB_AWS_CREDENTIALS_FILE: `~/.aws/credentials`
 *
 * One of the two files.
 */
typedef enum
{
  SB_AWS_CONFIG_FILE,
  SB_AWS_CREDENTIALS_FILE,
} SbAwsFile;

char *sb_aws_config_default_path (void);
char *sb_aws_credentials_default_path (void);
const char *sb_aws_default_profile (void);
SbAwsConfig *
sb_aws_config_load (const char *config_path, const char *credentials_path, GError **error);
void sb_aws_config_free (SbAwsConfig *self);
char **sb_aws_config_list_profiles (SbAwsConfig *self);
gboolean sb_aws_config_has_profile (SbAwsConfig *self, const char *profile);
const char *sb_aws_config_get (SbAwsConfig *self, const char *profile, const char *name);
const char *
sb_aws_config_get_in (SbAwsConfig *self, SbAwsFile file, const char *profile, const char *name);
char **sb_aws_config_list_names (SbAwsConfig *self, const char *profile);
gboolean sb_aws_config_has_session (SbAwsConfig *self, const char *session);
const char *sb_aws_config_get_session (SbAwsConfig *self, const char *session, const char *name);
const char *
sb_aws_config_get_endpoint_url (SbAwsConfig *self, const char *profile, const char *service);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbAwsConfig, sb_aws_config_free)

G_END_DECLS
