/* sb-dataset-open.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In which way the photos of a channel come.
 */

#include "config.h"

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-dataset-private.h"
#include "algorithms/vision/sb-net.h"

/**
 * sb_dataset_open_folder:
 * @folder: a folder of folders that are named after classes, or of uncompressed tar files of such
 * @like: (nullable): a data set whose classes are meant; any other class is an error
 * @error: %SB_NET_ERROR_INVALID, %SB_FORMAT_ERROR_INVALID, or a %G_IO_ERROR
 *
 * The labels follow the order of the classes' names. Tar files in one folder are one data set.
 *
 * Returns: (transfer full) (nullable): the photos
 */
SbDataset *
sb_dataset_open_folder (const char *folder, const SbDataset *like, GError **error)
{
  g_autoptr (SbDataset) self = _sb_dataset_new (like);

  if (!_sb_dataset_add_classes (self, folder, error) || !_sb_dataset_finish (self, folder, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * sb_dataset_open:
 * @channel: a channel of the job, such as `train`
 * @like: (nullable): a data set whose classes are meant; any other class is an error
 * @error: %SB_NET_ERROR_INVALID, %SB_FORMAT_ERROR_INVALID, or a %G_IO_ERROR
 *
 * Opens what the job has below its channel's folder.
 *
 * Returns: (transfer full) (nullable): the photos; %NULL without an error when the job has no such
 *   channel
 */
SbDataset *
sb_dataset_open (const char *channel, const SbDataset *like, GError **error)
{
  g_autofree char *folder = sb_contract_path ("input", "data", channel, NULL);

  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    return NULL;
  return sb_dataset_open_folder (folder, like, error);
}
