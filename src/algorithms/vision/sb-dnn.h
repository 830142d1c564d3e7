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
 * @data: its bytes; %NULL as long as it has no place
 * @size: their number, padding included
 * @first: for who plans memory: the first step that uses it
 * @last: for who plans memory: the last step that uses it
 * @shared: whether several read it, so that none may change it
 *
 * Memory with a layout.
 */
typedef struct
{
  SbMd md;
  dnnl_memory_t memory;
  void *data;
  gsize size;
  int first;
  int last;
  gboolean shared;
} SbTensor;

/* As many tensors as any primitive here is given. */
#define SB_OP_ARGS 12

/**
 * SbOp:
 *
 * A primitive with all that it is given: running it allocates nothing.
 */
typedef struct
{
  dnnl_primitive_t primitive;
  int n_args;
  dnnl_exec_arg_t args[SB_OP_ARGS];
  SbTensor *tensors[SB_OP_ARGS];
} SbOp;

/**
 * SbFusion:
 * @SB_FUSE_NOTHING: the result as it is
 * @SB_FUSE_SUM: the result is added to what is in the output already
 * @SB_FUSE_RELU: then what is below zero becomes zero
 *
 * What a primitive does to its result before it writes it.
 */
typedef enum
{
  SB_FUSE_NOTHING = 0,
  SB_FUSE_SUM = 1 << 0,
  SB_FUSE_RELU = 1 << 1,
} SbFusion;

/**
 * SbWindow:
 * @kernel: height and width, in pixels
 * @stride: in pixels
 * @padding: on every side, in pixels
 *
 * A rectangle that is moved over an image.
 */
typedef struct
{
  dnnl_dim_t kernel[2];
  dnnl_dim_t stride;
  dnnl_dim_t padding;
} SbWindow;

/* Any layout that the primitive likes best. */
#define SB_TAG_ANY dnnl_format_tag_any

dnnl_engine_t sb_dnn_engine (void);
gboolean sb_dnn_has_bf16 (void);
gboolean sb_dnn_check (dnnl_status_t status, const char *what, GError **error);

SbMd sb_md_new (int n, const dnnl_dim_t *dims, dnnl_data_type_t type, dnnl_format_tag_t tag);
SbMd
sb_md_new_strided (int n, const dnnl_dim_t *dims, dnnl_data_type_t type, const dnnl_dim_t *strides);
SbMd sb_md_copy (SbMdRef md);
void sb_md_free (SbMd md);
gboolean sb_md_equal (SbMdRef a, SbMdRef b);
gsize sb_md_get_size (SbMdRef md);
SbMd sb_pd_get_md (const_dnnl_primitive_desc_t pd, dnnl_query_t what);

SbTensor *sb_tensor_new (SbMdRef md, GError **error);
SbTensor *sb_tensor_new_unplaced (SbMdRef md, GError **error);
gboolean sb_tensor_place (SbTensor *self, void *data, GError **error);
SbTensor *sb_tensor_new_over (SbMdRef md, void *data, GError **error);
void sb_tensor_free (SbTensor *self);

SbOp *sb_op_new (dnnl_primitive_desc_t pd, GError **error);
void sb_op_free (SbOp *self);
void sb_op_add (SbOp *self, int argument, SbTensor *tensor);
SbOp *sb_op_new_reorder (SbTensor *from, SbTensor *to, GError **error);
gboolean sb_op_run (const SbOp *self, GError **error);
gboolean sb_ops_run (const GPtrArray *ops, GError **error);
gboolean sb_tensor_copy (SbTensor *from, SbTensor *to, GError **error);

dnnl_primitive_desc_t sb_pd_convolution (gboolean training,
                                         SbMdRef src,
                                         SbMdRef weights,
                                         SbMdRef bias,
                                         SbMdRef dst,
                                         dnnl_dim_t stride,
                                         dnnl_dim_t padding,
                                         SbFusion fusion,
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
                                   SbFusion fusion,
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
dnnl_primitive_desc_t sb_pd_pool (gboolean training,
                                  dnnl_alg_kind_t algorithm,
                                  SbMdRef src,
                                  SbMdRef dst,
                                  const SbWindow *window,
                                  GError **error);
dnnl_primitive_desc_t sb_pd_pool_data (dnnl_alg_kind_t algorithm,
                                       SbMdRef diff_src,
                                       SbMdRef diff_dst,
                                       const SbWindow *window,
                                       const_dnnl_primitive_desc_t hint,
                                       GError **error);
dnnl_primitive_desc_t
sb_pd_batch_norm (gboolean training, SbMdRef md, double epsilon, gboolean relu, GError **error);
dnnl_primitive_desc_t sb_pd_batch_norm_data (SbMdRef md,
                                             double epsilon,
                                             gboolean relu,
                                             const_dnnl_primitive_desc_t hint,
                                             GError **error);
gboolean sb_dnn_norm_gradient_takes_shift (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbTensor, sb_tensor_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbOp, sb_op_free)

G_END_DECLS
