# SPDX-License-Identifier: GPL-3.0-or-later
"""python3-xgboost beside what is tested."""


def as_before(xgboost):
    """What XGBoost 1.7 does by itself, as sagebrush-xgboost always does; later versions have to be told."""
    return {} if int(xgboost.__version__.split(".")[0]) < 2 else {"base_score": 0.5, "tree_method": "exact"}
