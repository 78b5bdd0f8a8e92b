"""OpenVINO: turns a torch module into a graph file, and runs it. The only import of openvino."""

from __future__ import annotations

import importlib
import importlib.util
import queue
import sys
import threading
import types
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from indexer.machine import processors

Tokens = NDArray[np.int64]
Rows = NDArray[np.float32]
Inputs = Mapping[str, Tokens]

GRAPH: Final = "model.xml"
_NATIVE: Final = "openvino._pyopenvino"
_GROUP: Final = 64
"""Numbers that share a scale where a factor is rounded to 8 bits while it runs: more are faster and less exact."""
_BALANCE: Final = 0.5
"""How much of the spread of a factor's columns is handed to the weights before both are rounded: SmoothQuant's α."""
_LEVELS: Final = 256
_BENT: Final = frozenset({"Gelu", "Relu", "Swish", "Mish", "HSwish", "Tanh", "Sigmoid", "Elu", "SoftPlus"})


def _openvino() -> Any:
    # openvino's converter, imported with it, reports its use over the network and writes a client id into the
    # home directory, unless this module cannot be imported. `None` in sys.modules is Python's documented way
    # to make an import fail.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _native() -> Any:
    """The compiled part of openvino, enough to run a graph, without the Python around it, which takes 0.1 s."""
    if "openvino" in sys.modules or sys.platform == "win32":  # there the package has to say where its libraries are
        _openvino()
    if _NATIVE in sys.modules:
        return sys.modules[_NATIVE]
    spec = importlib.util.find_spec("openvino")
    stand_in = types.ModuleType("openvino")
    stand_in.__path__ = list(spec.submodule_search_locations or ()) if spec else []
    sys.modules["openvino"] = stand_in
    try:
        return importlib.import_module(_NATIVE)
    finally:
        del sys.modules["openvino"]  # whoever wants the package after us gets the package


def runtime_version() -> str:
    """The runtime and its version, part of what a compiled graph depends on."""
    return f"openvino {_native().get_version().split('-')[0]}"


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 by itself."""
    return "BF16" in _native().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def trace(module: Any, example: Mapping[str, Any]) -> Any:
    """The graph of a torch module, by running it on example tensors (name → tensor)."""
    with warnings.catch_warnings():
        # Tracing warns of every Python branch in the model; the result is checked against the model itself.
        warnings.simplefilter("ignore")
        return _openvino().convert_model(module, example_input=dict(example))


def save_graph(graph: Any, folder: Path) -> None:
    """Write a graph into a folder, from where `Graph` runs it."""
    _openvino().save_model(graph, folder / GRAPH, compress_to_fp16=False)


def rounded(graph: Any, samples: Sequence[Inputs] = ()) -> Any:
    """A copy of a graph whose matrix products work on 8-bit integers.

    Weights of shape (outputs, inputs) become integers with one scale an output. Without samples the runtime rounds
    the other factor while it runs, in groups of `_GROUP` numbers. With samples, a factor is given the range that it has
    on them, after its columns were balanced against those of the weights (SmoothQuant, arXiv 2211.10438): faster, and
    exact enough but for what an activation function has bent, which the runtime goes on rounding in groups.
    """
    _openvino()
    from openvino import opset13 as operations

    extremes = _extremes(graph, samples) if samples else {}
    graph = graph.clone()
    for product in _products(graph):
        weights = product.input_value(1).get_node().get_data().astype(np.float32)
        if (name := _factor(product)) in extremes:
            low, high = extremes[name]
            balance = _balance(np.maximum(np.abs(low), np.abs(high)), np.abs(weights).max(axis=0))
            ends = _whole_range(float((low / balance).min()), float((high / balance).max()))
            even = operations.multiply(product.input_value(0), operations.constant(1 / balance[None, None]))
            limits = [operations.constant(np.float32(end)) for end in ends]
            level = operations.fake_quantize(even, *limits, *limits, _LEVELS)
            product.input(0).replace_source_output(level.output(0))
            weights *= balance
        scale = np.abs(weights).max(axis=-1, keepdims=True) / 127
        scale[scale == 0] = 1
        integers = operations.constant(np.round(weights / scale).astype(np.int8))
        wide = operations.multiply(operations.convert(integers, "f32"), operations.constant(scale))
        product.input(1).replace_source_output(wide.output(0))
    graph.validate_nodes_and_infer_types()
    return graph


def _products(graph: Any) -> list[Any]:
    """Matrix products with constant weights."""
    return [
        node
        for node in graph.get_ordered_ops()
        if node.get_type_name() == "MatMul"
        and node.get_attributes()["transpose_b"]
        and node.input_value(1).get_node().get_type_name() == "Constant"
    ]


def _factor(product: Any) -> str:
    """Names what a matrix product multiplies with its weights; several may share it."""
    return str(product.input_value(0).get_node().get_friendly_name())


def _extremes(graph: Any, samples: Sequence[Inputs]) -> dict[str, tuple[Rows, Rows]]:
    """The least and the greatest number in each column of the factors of matrix products, but those that are bent."""
    graph = graph.clone()
    factors = {_factor(product): product.input_value(0) for product in _products(graph)}
    factors = {name: factor for name, factor in factors.items() if factor.get_node().get_type_name() not in _BENT}
    rows = len(graph.outputs)
    graph.add_outputs(list(factors.values()))
    compiled = _openvino().Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found: dict[str, tuple[Rows, Rows]] = {}
    for sample in samples:
        results = compiled({str(port.any_name): sample[str(port.any_name)] for port in compiled.inputs})
        for place, name in enumerate(factors, rows):
            values = results[place].reshape(-1, results[place].shape[-1])
            low, high = found.get(name, (values[0], values[0]))
            found[name] = np.minimum(low, values.min(0)), np.maximum(high, values.max(0))
    return found


def _balance(factor: Rows, weights: Rows) -> Rows:
    """What to divide each column of a factor by, and multiply the weights' with, given their greatest numbers."""
    balance = np.maximum(factor, 1e-6) ** _BALANCE / np.maximum(weights, 1e-6) ** (1 - _BALANCE)
    scaled: Rows = (balance / np.exp(np.log(balance).mean())).astype(np.float32)
    return scaled


def _whole_range(low: float, high: float) -> tuple[float, float]:
    """The same range, moved so that 0 is one of its levels: otherwise zeros are not exact, and the runtime is slow."""
    step = (max(high, 0) - min(low, 0)) / (_LEVELS - 1) or 1
    start = round(min(low, 0) / step) * step
    return start, start + (_LEVELS - 1) * step


class Graph:
    """A compiled graph. Safe to call from several threads: each call has a request to itself."""

    def __init__(self, folder: Path, precision: str = "bf16") -> None:
        threads = processors()
        # bfloat16 is a hint: a processor without it computes in float32. One stream a processor: two batches side by
        # side are faster than one batch on two of them.
        options = {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "INFERENCE_PRECISION_HINT": precision,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": _GROUP,
            "CACHE_DIR": str(folder / "compiled"),
        }
        self._compiled = _native().Core().compile_model(str(folder / GRAPH), "CPU", options)
        self._streams: Final = threads
        self._inputs: Final = [str(port.any_name) for port in self._compiled.inputs]
        # Requests are made before any of them runs, and only one thread at a time talks to the runtime, but for the
        # inference itself: it has locks of its own that wait for Python's, and the other way round.
        self._talking = threading.Lock()
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(threads):
            self._requests.put(self._compiled.create_infer_request())

    def run(self, inputs: Inputs) -> Rows:
        """Rows of shape (texts, dimension) for inputs of shape (texts, tokens)."""
        request = self._requests.get()
        try:
            with self._talking:
                for name in self._inputs:
                    tensor = request.get_tensor(name)
                    tensor.shape = inputs[name].shape
                    tensor.data[:] = inputs[name]
            request.infer({}, False, False)  # nothing to set, copies of nothing, no strings
            with self._talking:
                result: Rows = request.get_output_tensor(0).data.copy()  # its memory is used again
        finally:
            self._requests.put(request)
        return result

    def run_all(self, batches: Iterable[Inputs]) -> Iterator[Rows]:
        """The rows of many batches, in their order, computed side by side.

        Threads of Python do this better than the runtime's own queue of requests, which can wait for itself forever
        when it is freed.
        """
        with ThreadPoolExecutor(self._streams, "infer") as pool:
            yield from pool.map(self.run, batches)
