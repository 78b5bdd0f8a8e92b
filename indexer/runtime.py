"""OpenVINO: turns a torch module into a graph file, and runs it. The only import of openvino."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

GRAPH: Final = "model.xml"
GRAPH_FILES: Final = (GRAPH, "model.bin")


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


def save_graph(module: Any, example: Mapping[str, Any], folder: Path) -> None:
    """Trace a torch module on example tensors (name → tensor) and write its graph into a folder."""
    openvino = _openvino()
    with warnings.catch_warnings():
        # Tracing warns of every Python branch in the model; the result is checked against the model itself.
        warnings.simplefilter("ignore")
        graph = openvino.convert_model(module, example_input=dict(example))
    openvino.save_model(graph, folder / GRAPH, compress_to_fp16=False)


class Graph:
    """A compiled graph. Safe to call from several threads: each has its own request."""

    def __init__(self, folder: Path) -> None:
        # bfloat16 is a hint: a processor without it computes in float32.
        options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16",
            "CACHE_DIR": str(folder / "compiled"),
        }
        self._compiled = _openvino().Core().compile_model(folder / GRAPH, "CPU", options)
        self.inputs: Final = frozenset(str(port.any_name) for port in self._compiled.inputs)
        self._requests = threading.local()

    def run(self, inputs: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        """Rows of shape (texts, dimension) for inputs of shape (texts, tokens)."""
        request = getattr(self._requests, "request", None)
        if request is None:
            request = self._requests.request = self._compiled.create_infer_request()
        result: NDArray[np.float32] = request.infer({k: v for k, v in inputs.items() if k in self.inputs})[0]
        return result
