# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets boto3 in a notebook talk to the local engine.

SDKs since botocore 1.31 read AWS_ENDPOINT_URL themselves; older ones need to be told.
"""
import importlib.abc
import importlib.machinery
import os
import sys


def _patch(module):
    create_client = module.Session.create_client

    def create(self, service_name, *args, **kwargs):
        name = "AWS_ENDPOINT_URL_" + service_name.upper().replace("-", "_")
        url = os.environ.get(name) or os.environ.get("AWS_ENDPOINT_URL")
        # The fifth positional argument after the service's name is the URL.
        if url and len(args) < 5 and kwargs.get("endpoint_url") is None:
            kwargs["endpoint_url"] = url
        return create_client(self, service_name, *args, **kwargs)

    module.Session.create_client = create


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                _patch(module)

            spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _Finder())
