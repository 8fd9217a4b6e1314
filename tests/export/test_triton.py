"""The repository is one that Triton reads, its configuration fits the graph, and the client speaks the protocol.

No Triton is here: the configuration is parsed by protobuf against the fields of Triton's `model_config.proto`, and the
client talks to a server of a few lines that holds it to the protocol.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from tests.export.scripts import ASSETS, script
from translate import pixels
from translate.runtime import Translator
from translate.runtime.metadata import card

make_repository, client = script("triton", "make_repository"), script("triton", "client")

# Fields of ModelConfig and what is in it, as far as we use them; `*` is repeated. Maps are repeated pairs.
SCHEMA = {
    "ModelConfig": {
        "name": "string",
        "backend": "string",
        "max_batch_size": "int32",
        "version_policy": "ModelVersionPolicy",
        "input": "*ModelTensor",
        "output": "*ModelTensor",
        "dynamic_batching": "ModelDynamicBatching",
        "instance_group": "*ModelInstanceGroup",
        "response_cache": "ModelResponseCache",
        "model_warmup": "*ModelWarmup",
        "parameters": "*Parameter",
        "optimization": "ModelOptimizationPolicy",
    },
    "ModelVersionPolicy": {"latest": "Latest"},
    "Latest": {"num_versions": "uint32"},
    "ModelTensor": {"name": "string", "data_type": "DataType", "dims": "*int64"},
    "ModelDynamicBatching": {"preferred_batch_size": "*int32", "max_queue_delay_microseconds": "uint64"},
    "ModelInstanceGroup": {"kind": "Kind", "count": "int32"},
    "ModelResponseCache": {"enable": "bool"},
    "ModelWarmup": {"name": "string", "batch_size": "uint32", "inputs": "*WarmupPair"},
    "WarmupPair": {"key": "string", "value": "WarmupInput"},
    "WarmupInput": {"data_type": "DataType", "dims": "*int64", "random_data": "bool"},
    "Parameter": {"key": "string", "value": "ModelParameter"},
    "ModelParameter": {"string_value": "string"},
    "ModelOptimizationPolicy": {"execution_accelerators": "ExecutionAccelerators"},
    "ExecutionAccelerators": {"gpu_execution_accelerator": "*Accelerator"},
    "Accelerator": {"name": "string", "parameters": "*TextPair"},
    "TextPair": {"key": "string", "value": "string"},
}
ENUMS = {"DataType": ["TYPE_INVALID", "TYPE_BOOL", "TYPE_UINT8"], "Kind": ["KIND_AUTO", "KIND_GPU", "KIND_CPU"]}


@pytest.fixture(scope="module")
def parse() -> Any:
    """Reads the text of a configuration, and refuses what the schema does not have."""
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

    file = descriptor_pb2.FileDescriptorProto(name="model_config.proto", package="inference", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, values in ENUMS.items():
        enum = file.enum_type.add(name=name)
        for number, value in enumerate(values):
            enum.value.add(name=value, number=number)
    for name, members in SCHEMA.items():
        message = file.message_type.add(name=name)
        for number, (member, kind) in enumerate(members.items(), 1):
            entry = message.field.add(name=member, number=number)
            entry.label = kinds.LABEL_REPEATED if kind[0] == "*" else kinds.LABEL_OPTIONAL
            kind = kind.removeprefix("*")
            if kind in SCHEMA or kind in ENUMS:
                entry.type = kinds.TYPE_MESSAGE if kind in SCHEMA else kinds.TYPE_ENUM
                entry.type_name = f".inference.{kind}"
            else:
                entry.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName("inference.ModelConfig"))
    return lambda text: text_format.Parse(text, kind())


def add(*arguments: object) -> int:
    status: int = make_repository.main([str(argument) for argument in arguments])
    return status


@pytest.mark.parametrize("model", ["invert", "grey_to_colour", "edges"])
@pytest.mark.parametrize("where", ["--gpu", "--cpu"])
def test_the_configuration_fits_the_graph(model: str, where: str, parse: Any, tmp_path: Path) -> None:
    file = ASSETS / f"{model}.onnx"
    assert add(file, tmp_path, where, 3, "--max-batch", 6, "--delay", 500) == 0
    folder = tmp_path / model
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "1/model.onnx",
        "config.pbtxt",
    ]
    assert (folder / "1" / "model.onnx").read_bytes() == file.read_bytes()
    config = parse((folder / "config.pbtxt").read_text(encoding="utf-8"))
    assert (config.name, config.backend, config.max_batch_size) == (model, "onnxruntime", 6)
    session = onnxruntime.InferenceSession(folder / "1" / "model.onnx", providers=["CPUExecutionProvider"])
    for said, there in ((config.input, session.get_inputs()), (config.output, session.get_outputs())):
        assert [entry.name for entry in said] == [entry.name for entry in there]
        assert [entry.data_type for entry in said] == [ENUMS["DataType"].index("TYPE_UINT8")]
        assert [entry.type for entry in there] == ["tensor(uint8)"]
        # Behind the batch's: what has a name in the graph is free, and -1 here.
        assert list(said[0].dims) == [size if isinstance(size, int) else -1 for size in there[0].shape[1:]]
        assert not isinstance(there[0].shape[0], int)
    assert list(config.dynamic_batching.preferred_batch_size) == [3, 6]
    assert config.dynamic_batching.max_queue_delay_microseconds == 500
    (group,) = config.instance_group
    assert (ENUMS["Kind"][group.kind], group.count) == (f"KIND_{where[2:].upper()}", 3)
    assert config.version_policy.latest.num_versions == 1
    assert config.HasField("response_cache")
    assert not config.response_cache.enable
    assert not config.HasField("optimization")
    searches = {pair.key: pair.value.string_value for pair in config.parameters}
    assert searches == ({"cudnn_conv_algo_search": "1"} if where == "--gpu" else {})
    facts = card(file)
    assert [sample.batch_size for sample in config.model_warmup] == [1, 6]
    for sample in config.model_warmup:
        (pair,) = sample.inputs
        assert (pair.key, pair.value.data_type, pair.value.random_data) == ("image", config.input[0].data_type, True)
        assert list(pair.value.dims) == [facts.size, facts.size, facts.source_channels]
        (made,) = session.run(None, {pair.key: np.zeros((sample.batch_size, *pair.value.dims), np.uint8)})
        assert made.shape == (sample.batch_size, facts.size, facts.size, facts.target_channels)


def test_tensorrt_threads_and_no_batches(parse: Any, tmp_path: Path) -> None:
    assert add(ASSETS / "invert.onnx", tmp_path, "--gpu", "--tensorrt", "FP16", "--name", "fast", "--max-batch", 1) == 0
    config = parse((tmp_path / "fast" / "config.pbtxt").read_text())
    (accelerator,) = config.optimization.execution_accelerators.gpu_execution_accelerator
    assert accelerator.name == "tensorrt"
    parameters = {pair.key: pair.value for pair in accelerator.parameters}
    digest = hashlib.sha256((ASSETS / "invert.onnx").read_bytes()).hexdigest()[:32]  # another model's is another folder
    assert parameters == {
        "precision_mode": "FP16",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": f"/tmp/tensorrt/{digest}",
    }
    assert (config.name, list(config.dynamic_batching.preferred_batch_size)) == ("fast", [1])
    assert [sample.batch_size for sample in config.model_warmup] == [1]
    assert add(ASSETS / "invert.onnx", tmp_path, "--cpu", "--threads", 2) == 0
    config = parse((tmp_path / "invert" / "config.pbtxt").read_text())
    assert {pair.key: pair.value.string_value for pair in config.parameters} == {"intra_op_thread_count": "2"}
    assert config.instance_group[0].count == 1


def test_the_parser_refuses(parse: Any) -> None:
    for text in ('nmae: "x"', "max_batch_size: many", 'input [ { name: "x" data_type: TYPE_U8 } ]', "input [ {"):
        with pytest.raises(Exception, match=r"1:\d+ :"):
            parse(text)


def test_versions_and_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository = tmp_path / "repository"
    odd = tmp_path / "my model.onnx"
    odd.write_bytes((ASSETS / "invert.onnx").read_bytes())
    (tmp_path / "file").touch()
    assert add(odd, repository, "--cpu", "--name", "mine") == 0
    assert add(odd, repository, "--cpu", "--name", "mine", "--version", 2) == 0
    assert sorted(path.name for path in (repository / "mine").iterdir()) == ["1", "2", "config.pbtxt"]
    capsys.readouterr()
    for arguments, reason in [
        ((odd, repository, "--cpu", "--name", "mine", "--version", 2), "is there: add this as --version 3"),
        ((odd, repository, "--cpu"), "'my model' cannot be the name of a model in a URL"),
        ((odd, repository, "--cpu", "--name", "../up"), "cannot be the name"),
        ((odd, repository, "--cpu", "--name", "x", "--tensorrt", "FP32"), "TensorRT needs a GPU"),
        ((ASSETS / "no_card.onnx", repository, "--gpu"), "without a card"),
        ((ASSETS / "drawing.onnx", repository, "--gpu"), "drawing draws pictures from noise, where this repository"),
        ((odd, tmp_path / "file", "--gpu", "--name", "x"), "Not a directory"),
    ]:
        assert add(*arguments) == 1
        error = capsys.readouterr().err
        assert error.startswith("make_repository: ")
        assert reason in error
        assert error.count("\n") == 1
    for words in ([], ["--gpu", "--cpu"], ["--gpu", "0"], ["--cpu", "--tensorrt", "FP8"]):
        with pytest.raises(SystemExit):
            add(odd, repository, *words)
    assert sorted(path.name for path in repository.iterdir()) == ["mine"]


class Server(BaseHTTPRequestHandler):
    """The v2 protocol with binary tensors, for the models of a repository, run by ONNX Runtime."""

    repository: Path
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        session = self._session(self.path)
        if session:
            names = {"inputs": session.get_inputs(), "outputs": session.get_outputs()}
            described = {key: [self._described(value) for value in values] for key, values in names.items()}
            self._send(200, json.dumps({"name": self.path.split("/")[3], "platform": "onnxruntime_onnx", **described}))

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        session = self._session(self.path.removesuffix("/infer"))
        if not session:
            return
        length = int(self.headers["Inference-Header-Content-Length"])
        head, tensor = json.loads(content[:length]), content[length:]
        (given,), (wanted,) = head["inputs"], head["outputs"]
        assert self.headers["Content-Type"] == "application/octet-stream"
        assert self.path.endswith("/infer")
        assert (given["name"], given["datatype"]) == ("image", "UINT8")
        assert given["parameters"] == {"binary_data_size": len(tensor)}
        assert wanted == {"name": "translated", "parameters": {"binary_data": True}}
        array = np.frombuffer(tensor, np.uint8).reshape(given["shape"])
        if array.shape[2] == 13:  # a width that this server does not like
            return self._send(400, json.dumps({"error": "unexpected shape for input 'image'"}))
        (made,) = session.run(["translated"], {"image": array})
        if array.shape[2] == 14:  # a width of which it forgets the half
            made = made[:, :, :7]
        answer = {"name": "translated", "datatype": "UINT8", "shape": list(made.shape)}
        text = json.dumps({"outputs": [{**answer, "parameters": {"binary_data_size": made.size}}]}).encode()
        self._send(200, text, made.tobytes())

    def _session(self, path: str) -> onnxruntime.InferenceSession | None:
        model = self.repository / path.removeprefix("/v2/models/") / "1" / "model.onnx"
        if path.startswith("/v2/models/") and model.is_file():
            return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self._send(404, json.dumps({"error": f"Request for unknown model: '{path}' is not found"}))
        return None

    def _described(self, value: Any) -> dict[str, Any]:
        shape = [size if isinstance(size, int) else -1 for size in value.shape]
        return {"name": value.name, "datatype": "UINT8", "shape": shape}

    def _send(self, status: int, text: str | bytes, tensor: bytes = b"") -> None:
        text = text.encode() if isinstance(text, str) else text
        self.send_response(status)
        if tensor:
            self.send_header("Inference-Header-Content-Length", str(len(text)))
        self.send_header("Content-Length", str(len(text) + len(tensor)))
        self.end_headers()
        self.wfile.write(text + tensor)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    repository = tmp_path_factory.mktemp("repository")
    for model in ("invert", "grey_to_colour", "wrong_names"):
        assert add(ASSETS / f"{model}.onnx", repository, "--cpu") == 0
    handler = type("Handler", (Server,), {"repository": repository})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.parametrize("model", ["invert", "grey_to_colour"])
def test_the_client_gets_what_the_model_says(model: str, url: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for number, path in enumerate(paths):
        Image.fromarray(noise.integers(0, 256, (20 + number, 33 - number, 3), dtype=np.uint8)).save(path)
    out = tmp_path / "out"
    assert client.main([model, *map(str, paths), "-o", str(out), "--url", f"{url}/", "--at-once", "3"]) == 0
    translator = Translator(ASSETS / f"{model}.onnx")
    for path in paths:
        np.testing.assert_array_equal(pixels.read(out / path.name), np.asarray(translator(path)))
    assert len(list(out.iterdir())) == len(paths)


def test_the_client_says_what_is_wrong(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for width in (12, 13, 14):
        Image.new("RGB", (width, 5), "red").save(tmp_path / f"{width}.png")
    (tmp_path / "bad.png").write_text("not a picture")
    names = [str(tmp_path / name) for name in ("12.png", "13.png", "14.png", "bad.png", "none.png")]
    out = tmp_path / "out"
    assert client.main(["invert", *names, "-o", str(out), "--url", url]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [path.name for path in out.iterdir()] == ["12.png"]
    reasons = (
        "the server refused: unexpected shape for input 'image'",
        "answered no picture of 14 × 5",
        "cannot identify image file",
        "No such file",
    )
    assert len(told) == len(reasons)
    for line, name, reason in zip(told, names[1:], reasons, strict=True):
        assert line.startswith(f"client: {name}: ")
        assert reason in line
    for name, where, reason in [
        ("nobody", url, "Request for unknown model"),
        ("wrong_names", url, "does not take pictures"),
        ("invert", "http://127.0.0.1:9", "does not answer"),
    ]:
        assert client.main([name, names[0], "-o", str(out), "--url", where]) == 1
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1
