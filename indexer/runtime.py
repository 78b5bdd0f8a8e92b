"""OpenVINO: turns a torch module into a graph file, and runs it. The only import of openvino."""

from __future__ import annotations

import os
import queue
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int64]
Rows = NDArray[np.float32]

GRAPH: Final = "model.xml"
GRAPH_FILES: Final = (GRAPH, "model.bin")
_GROUP: Final = 64
"""Numbers that share a scale where they are rounded to 8 bits: more are faster and less exact."""


def _openvino() -> Any:
    # openvino's converter, imported with it, reports its use over the network and writes a client id into the
    # home directory, unless this module cannot be imported. `None` in sys.modules is Python's documented way
    # to make an import fail.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def runtime_name() -> str:
    """The runtime and its version, part of what a compiled graph depends on."""
    openvino = _openvino()
    return f"openvino {openvino.__version__.split('-')[0]}"


def save_graph(module: Any, example: Mapping[str, Any], folder: Path, *, small: bool) -> None:
    """Trace a torch module on example tensors (name → tensor) and write its graph into a folder.

    `small` keeps the weights of matrix products as 8-bit integers, which processors multiply faster.
    """
    openvino = _openvino()
    with warnings.catch_warnings():
        # Tracing warns of every Python branch in the model; the result is checked against the model itself.
        warnings.simplefilter("ignore")
        graph = openvino.convert_model(module, example_input=dict(example))
    if small:
        _shrink(graph)
    openvino.save_model(graph, folder / GRAPH, compress_to_fp16=False)


def _shrink(graph: Any) -> None:
    """Replace weights of shape (outputs, inputs) by integers and one scale an output.

    The runtime recognises the form and rounds the other factor as well, in groups of `_GROUP` numbers, on the fly.
    """
    _openvino()
    from openvino import opset13 as operations

    for node in graph.get_ordered_ops():
        if node.get_type_name() != "MatMul" or not node.get_attributes()["transpose_b"]:
            continue
        weights = node.input_value(1).get_node()
        if weights.get_type_name() != "Constant":
            continue
        values = weights.get_data().astype(np.float32)
        scale = np.abs(values).max(axis=-1, keepdims=True) / 127
        scale[scale == 0] = 1
        rounded = np.round(values / scale).astype(np.int8)
        wide = operations.convert(operations.constant(rounded), "f32")
        node.input(1).replace_source_output(operations.multiply(wide, operations.constant(scale)).output(0))


class Graph:
    """A compiled graph. Safe to call from several threads: each call has a request to itself."""

    def __init__(self, folder: Path) -> None:
        threads = _processors()
        # bfloat16 is a hint: a processor without it computes in float32. One stream a processor: two batches side by
        # side are faster than one batch on two of them.
        options = {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "INFERENCE_PRECISION_HINT": "bf16",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": _GROUP,
            "CACHE_DIR": str(folder / "compiled"),
        }
        self._compiled = _openvino().Core().compile_model(folder / GRAPH, "CPU", options)
        self._streams: Final = threads
        self._inputs: Final = [str(port.any_name) for port in self._compiled.inputs]
        # Requests are made before any of them runs, and only one thread at a time talks to the runtime, but for the
        # inference itself: it has locks of its own that wait for Python's, and the other way round.
        self._talking = threading.Lock()
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(threads):
            self._requests.put(self._compiled.create_infer_request())

    def run(self, inputs: Mapping[str, Tokens]) -> Rows:
        """Rows of shape (texts, dimension) for inputs of shape (texts, tokens)."""
        request = self._requests.get()
        try:
            with self._talking:
                for name in self._inputs:
                    tensor = request.get_tensor(name)
                    tensor.shape = inputs[name].shape
                    tensor.data[:] = inputs[name]
            request.infer()
            with self._talking:
                result: Rows = request.get_output_tensor(0).data.copy()  # its memory is used again
        finally:
            self._requests.put(request)
        return result

    def run_all(self, batches: Iterable[Mapping[str, Tokens]]) -> Iterator[Rows]:
        """The rows of many batches, in their order, computed side by side.

        Threads of Python do this better than the runtime's own queue of requests, which can wait for itself forever
        when it is freed.
        """
        with ThreadPoolExecutor(self._streams, "infer") as pool:
            yield from pool.map(self.run, batches)


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
