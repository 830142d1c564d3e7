/* sb-photo-intake.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How photos come to a reader: dropped, pasted, opened.
 */

#pragma once

#include <gtk/gtk.h>

#include "pages/sb-photo-reader.h"

G_BEGIN_DECLS

void sb_photo_intake_accept_drops (GtkWidget *widget, SbPhotoReader *reader);
void sb_photo_intake_paste (GtkWidget *widget, SbPhotoReader *reader);
void sb_photo_intake_open (GtkWidget *widget, SbPhotoReader *reader);
void sb_photo_intake_open_folder (GtkWidget *widget, SbPhotoReader *reader);

G_END_DECLS
