#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the validation tables of the engine from the service models that botocore carries.

    python3 generate.py            (in this folder, with a current botocore)

A table holds, for the operations that the engine knows, what the services check before they do
anything: which members there are, of what type, which are required, and their patterns, lengths,
ranges and enumerations. A name followed by "!" is a required member.
"""
import json
from pathlib import Path

import botocore.session

OPERATIONS = {
    "sagemaker": """
        CreateTrainingJob DescribeTrainingJob ListTrainingJobs StopTrainingJob
        CreateModel DescribeModel ListModels DeleteModel
        CreateEndpointConfig DescribeEndpointConfig ListEndpointConfigs DeleteEndpointConfig
        CreateEndpoint DescribeEndpoint ListEndpoints UpdateEndpoint
        UpdateEndpointWeightsAndCapacities DeleteEndpoint
        CreateNotebookInstance DescribeNotebookInstance ListNotebookInstances
        UpdateNotebookInstance StartNotebookInstance StopNotebookInstance DeleteNotebookInstance
        CreatePresignedNotebookInstanceUrl
        CreateNotebookInstanceLifecycleConfig DescribeNotebookInstanceLifecycleConfig
        ListNotebookInstanceLifecycleConfigs UpdateNotebookInstanceLifecycleConfig
        DeleteNotebookInstanceLifecycleConfig
        AddTags ListTags DeleteTags""",
    "logs": "DescribeLogGroups DescribeLogStreams GetLogEvents FilterLogEvents",
    "iam": """
        CreateRole GetRole ListRoles DeleteRole
        AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
        PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies
        TagRole UntagRole ListRoleTags""",
    "sts": "GetCallerIdentity",
    "cloudwatch": "GetMetricStatistics",
}
# Newer models dropped these marks for ways of training and hosting that need no instances of
# one's own; on one computer they are needed.
ALSO_REQUIRED = {
    "CreateTrainingJobRequest": ["AlgorithmSpecification", "ResourceConfig"],
    "ProductionVariant": ["ModelName"],
}


class Table:
    def __init__(self):
        self.shapes = {}

    def shape(self, shape):
        if shape.name not in self.shapes:
            self.shapes[shape.name] = None
            self.shapes[shape.name] = getattr(self, "of_" + shape.type_name, self.of_scalar)(shape)
        return shape.name

    def of_structure(self, shape):
        required = set(shape.required_members) | set(ALSO_REQUIRED.get(shape.name, []))
        return {
            "members": {
                name + ("!" if name in required else ""): self.shape(member)
                for name, member in shape.members.items()
            }
        }

    def of_list(self, shape):
        return {"list": self.shape(shape.member), **self.limits(shape)}

    def of_map(self, shape):
        return {"map": [self.shape(shape.key), self.shape(shape.value)], **self.limits(shape)}

    def of_string(self, shape):
        row = {"type": "string", **self.limits(shape)}
        if shape.enum:
            row["enum"] = list(shape.enum)
        return row

    def of_scalar(self, shape):
        return {"type": shape.type_name, **self.limits(shape)}

    @staticmethod
    def limits(shape):
        return {
            key: shape.metadata[key] for key in ("min", "max", "pattern") if key in shape.metadata
        }


def main():
    session = botocore.session.get_session()
    for service, names in OPERATIONS.items():
        model = session.get_service_model(service)
        table = Table()
        operations = {
            name: table.shape(model.operation_model(name).input_shape) for name in names.split()
        }
        rows = ",\n".join(
            f"    {json.dumps(name)}: {json.dumps(table.shapes[name])}"
            for name in sorted(table.shapes)
        )
        Path(f"{service}.json").write_text(
            '{\n  "operations": ' + json.dumps(operations) + ',\n  "shapes": {\n' + rows + "\n  }\n}\n"
        )


if __name__ == "__main__":
    main()
