"""A network as an ONNX file, through PyTorch's own exporter."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssid.export.description import ENTRY, Description
from ssid.export.program import trace
from ssid.files import atomic_write
from ssid.models import Derainer

INPUT, OUTPUT = "rainy", "clean"
FREE = {0: "batch", 2: "height", 3: "width"}


def write_onnx(model: Derainer, path: Path, description: Description, half: bool = False) -> None:
    """Write a network as an ONNX file for any batch, height and width.

    Args:
        model: the network; it is put in evaluation mode and moved to the CPU.
        path: the file to write.
        description: content of what the file says of itself, under the key ``ssid.json`` of its
            metadata.
        half: flag that says whether weights are stored as float16, in half the space; runtimes
            widen them when they load the file, and compute in float32.

    Raises:
        ModuleNotFoundError: if the extra ``onnx`` is not installed.
    """
    import onnx

    logging.getLogger("onnxscript").setLevel(logging.WARNING)
    exported = torch.onnx.export(
        trace(model), input_names=[INPUT], output_names=[OUTPUT], verbose=False
    )
    assert exported is not None  # it is None only where the exporter writes the file itself
    proto = exported.model_proto
    _forget_origin(proto.graph)
    _name_sides(proto.graph)
    if half:
        _halve(proto.graph)
    onnx.helper.set_model_props(proto, {ENTRY: description.to_json()})
    onnx.checker.check_model(proto)
    with atomic_write(path) as partial:
        partial.write_bytes(proto.SerializeToString(deterministic=True))


def _forget_origin(graph: Any) -> None:
    """Drop the exporter's notes: they hold paths of this machine and every line of the trace."""
    for items in (graph.node, graph.input, graph.output, graph.value_info, graph.initializer):
        for item in items:
            item.ClearField("doc_string")
            item.ClearField("metadata_props")
    graph.ClearField("metadata_props")
    graph.ClearField("value_info")


def _name_sides(graph: Any) -> None:
    for value in (*graph.input, *graph.output):
        for axis, name in FREE.items():
            value.type.tensor_type.shape.dim[axis].dim_param = name


def _halve(graph: Any) -> None:
    """Store weights as float16, each behind a cast that runtimes fold when they load the file."""
    import onnx

    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
        stored = onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
        tensor.CopyFrom(stored)
        cast = onnx.helper.make_node("Cast", [stored.name], [name], to=onnx.TensorProto.FLOAT)
        casts.append(cast)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
