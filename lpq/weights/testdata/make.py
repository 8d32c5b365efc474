"""Writes the fixtures of this folder with PyTorch: python3 make.py [folder of real models]

Made with PyTorch 1.13 (Debian 12, package python3-torch). The values are fixed; storage keys of the legacy form are addresses
and differ between runs. Each fixture.json lists what torch.load finds in it.
"""
import collections
import hashlib
import json
import os
import pathlib
import pickle
import sys

import torch

HERE = pathlib.Path(__file__).parent
DTYPES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
          torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}


def state():
    """Tensors of every type and of every kind of view."""
    d = collections.OrderedDict()
    for dtype, name in DTYPES.items():
        values = torch.tensor([-3.5, -1, -0.0, 0.25, 1, 7], dtype=torch.float64)
        if dtype == torch.uint8:
            values = values.abs()
        d["type." + name] = values.to(dtype).reshape(2, 3)
    base = torch.arange(60, dtype=torch.float32)
    d["view.shared"] = base.reshape(3, 4, 5)
    d["view.transposed"] = base.reshape(3, 4, 5).permute(2, 0, 1)
    d["view.offset"] = base[7:19].reshape(3, 4)
    d["view.stepped"] = base.reshape(6, 10)[1::2, 3::3]
    d["view.expanded"] = torch.tensor([[1.0], [2.0]]).expand(2, 4)
    d["view.channels_last"] = torch.arange(48, dtype=torch.float16).reshape(2, 3, 2, 4).to(memory_format=torch.channels_last)
    d["shape.scalar"] = torch.tensor(42)
    d["shape.empty"] = torch.zeros(0, 3)
    d["shape.ones"] = torch.arange(3, dtype=torch.float32).reshape(1, 3, 1)
    d["parameter"] = torch.nn.Parameter(torch.tensor([1.5, -2.5]))
    return d


def nested():
    """What a training script saves: a network in DataParallel, and other things beside it."""
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    with torch.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(torch.arange(p.numel(), dtype=torch.float32).reshape(p.shape) / 8 + i)
    return {"epoch": 3, "arch": "resnet20", "best_prec1": 91.75, "done": True, "nothing": None, "history": [1, 2.5, ("a", {})],
            "big": 1 << 80, "state_dict": torch.nn.DataParallel(net).state_dict(),
            "optimizer": {"state": {0: {"momentum_buffer": torch.ones(2)}}, "param_groups": [{"lr": 0.1}]}}


class System:
    def __reduce__(self):
        return os.system, ("touch pwned",)


def describe(d):
    return [{"name": k.removeprefix("module."), "dtype": DTYPES[v.dtype], "shape": list(v.shape),
             "values": [float(x) for x in v.detach().flatten()]} for k, v in d.items()]


def write_json(name, value):
    (HERE / name).write_text(json.dumps(value, indent=1) + "\n")


def digest(path):
    """One hash over the names, types, shapes and row-major bytes of a real file's tensors."""
    d = torch.load(path, map_location="cpu")
    h = hashlib.sha256()
    for k, v in d.get("state_dict", d).items():
        h.update(f"{k.removeprefix('module.')} {DTYPES[v.dtype]} {list(v.shape)}\n".encode())
        h.update(v.contiguous().numpy().tobytes())
    return h.hexdigest()


def main():
    for name, value in (("state", state()), ("nested", nested()), ("system", {"state_dict": state(), "x": System()})):
        torch.save(value, HERE / f"{name}.pth")
        torch.save(value, HERE / f"{name}.th", _use_new_zipfile_serialization=False)
    torch.save(state(), HERE / "protocol4.pth", pickle_protocol=4)
    torch.save(state(), HERE / "protocol4.th", pickle_protocol=4, _use_new_zipfile_serialization=False)
    torch.save(torch.ones(2), HERE / "tensor.pth")
    torch.save({"net": {"w": torch.ones(2)}, "lr": 0.1}, HERE / "no_tensors.pth")
    (HERE / "system.pickle").write_bytes(pickle.dumps(System()))
    write_json("state.json", describe(state()))
    write_json("nested.json", describe(nested()["state_dict"]))
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
        paths = sorted(folder.glob("*.th")) + sorted(folder.glob("*/*.pth"))
        write_json("models.json", {str(p.relative_to(folder)): digest(p) for p in paths})


main()
