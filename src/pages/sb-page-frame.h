/* sb-page-frame.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define SB_TYPE_PAGE_FRAME (sb_page_frame_get_type ())
G_DECLARE_FINAL_TYPE (SbPageFrame, sb_page_frame, SB, PAGE_FRAME, AdwBin)

void sb_page_frame_set_error (SbPageFrame *self, const GError *error);
void sb_page_frame_hide_refresh (SbPageFrame *self);
void sb_page_frame_set_busy (SbPageFrame *self, gboolean busy);
void sb_page_frame_ask_soon (SbPageFrame *self, gboolean local);
void sb_page_frame_ask_no_more (SbPageFrame *self);

G_END_DECLS
