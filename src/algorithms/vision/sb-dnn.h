/* sb-dnn.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The part of oneDNN's C API that differs between its versions 2 and 3, and tensors in its layouts.
 * Everything runs on the processor, in one stream, from one thread at a time.
 */

#pragma once

#include <dnnl.h>
#include <glib.h>

G_BEGIN_DECLS

#define SB_DNN_ERROR (sb_dnn_error_quark ())
GQuark sb_dnn_error_quark (void);

/**
 * SbMd:
 *
 * A memory descriptor: dimensions, type and layout. Owned by whoever made it.
 */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t SbMd;
typedef const_dnnl_memory_desc_t SbMdRef;
#else
typedef dnnl_memory_desc_t *SbMd;
typedef const dnnl_memory_desc_t *SbMdRef;
#endif

/**
 * SbTensor:
 * @md: what it is
 * @memory: oneDNN's handle
 * @data: its bytes
 * @size: their number, padding included
 *
 * Memory with a layout.
 */
typedef struct
{
  SbMd md;
  dnnl_memory_t memory;
  void *data;
  gsize size;
} SbTensor;

/**
 * SbOp:
 *
 * A primitive with all that it is given: running it allocates nothing.
 */
typedef struct
{
  dnnl_primitive_t primitive;
  int n_args;
  dnnl_exec_arg_t args[8];
} SbOp;

/* Any layout that the primitive likes best. */
#define SB_TAG_ANY dnnl_format_tag_any

dnnl_engine_t sb_dnn_engine (void);
gboolean sb_dnn_has_bf16 (void);
gboolean sb_dnn_check (dnnl_status_t status, const char *what, GError **error);

SbMd sb_md_new (int n, const dnnl_dim_t *dims, dnnl_data_type_t type, dnnl_format_tag_t tag);
SbMd sb_md_copy (SbMdRef md);
void sb_md_free (SbMd md);
gboolean sb_md_equal (SbMdRef a, SbMdRef b);
gsize sb_md_get_size (SbMdRef md);
SbMd sb_pd_get_md (const_dnnl_primitive_desc_t pd, dnnl_query_t what);

SbTensor *sb_tensor_new (SbMdRef md, GError **error);
SbTensor *sb_tensor_new_over (SbMdRef md, void *data, GError **error);
void sb_tensor_free (SbTensor *self);

SbOp *sb_op_new (dnnl_primitive_desc_t pd, GError **error);
void sb_op_free (SbOp *self);
void sb_op_add (SbOp *self, int argument, const SbTensor *tensor);
SbOp *sb_op_new_reorder (const SbTensor *from, const SbTensor *to, GError **error);
gboolean sb_op_run (const SbOp *self, GError **error);
gboolean sb_ops_run (const GPtrArray *ops, GError **error);
gboolean sb_tensor_copy (const SbTensor *from, const SbTensor *to, GError **error);

dnnl_primitive_desc_t sb_pd_convolution (gboolean training,
                                         SbMdRef src,
                                         SbMdRef weights,
                                         SbMdRef bias,
                                         SbMdRef dst,
                                         dnnl_dim_t stride,
                                         dnnl_dim_t padding,
                                         gboolean relu,
                                         GError **error);
dnnl_primitive_desc_t sb_pd_convolution_data (SbMdRef diff_src,
                                              SbMdRef weights,
                                              SbMdRef diff_dst,
                                              dnnl_dim_t stride,
                                              dnnl_dim_t padding,
                                              const_dnnl_primitive_desc_t hint,
                                              GError **error);
dnnl_primitive_desc_t sb_pd_convolution_weights (SbMdRef src,
                                                 SbMdRef diff_weights,
                                                 SbMdRef diff_bias,
                                                 SbMdRef diff_dst,
                                                 dnnl_dim_t stride,
                                                 dnnl_dim_t padding,
                                                 const_dnnl_primitive_desc_t hint,
                                                 GError **error);
dnnl_primitive_desc_t sb_pd_dense (gboolean training,
                                   SbMdRef src,
                                   SbMdRef weights,
                                   SbMdRef bias,
                                   SbMdRef dst,
                                   gboolean relu,
                                   GError **error);
dnnl_primitive_desc_t sb_pd_dense_data (SbMdRef diff_src,
                                        SbMdRef weights,
                                        SbMdRef diff_dst,
                                        const_dnnl_primitive_desc_t hint,
                                        GError **error);
dnnl_primitive_desc_t sb_pd_dense_weights (SbMdRef src,
                                           SbMdRef diff_weights,
                                           SbMdRef diff_bias,
                                           SbMdRef diff_dst,
                                           const_dnnl_primitive_desc_t hint,
                                           GError **error);
dnnl_primitive_desc_t sb_pd_max_pool (gboolean training,
                                      SbMdRef src,
                                      SbMdRef dst,
                                      dnnl_dim_t kernel,
                                      dnnl_dim_t stride,
                                      dnnl_dim_t padding,
                                      GError **error);
dnnl_primitive_desc_t sb_pd_max_pool_data (SbMdRef diff_src,
                                           SbMdRef diff_dst,
                                           dnnl_dim_t kernel,
                                           dnnl_dim_t stride,
                                           dnnl_dim_t padding,
                                           const_dnnl_primitive_desc_t hint,
                                           GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbTensor, sb_tensor_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbOp, sb_op_free)

G_END_DECLS
