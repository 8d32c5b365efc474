"""Tries an image out from within, as docker/check starts it: in a container that reaches no network.

    smoke.py server IMAGE.json                JupyterLab as `docker run` starts it: token, health, cells, the end
    smoke.py work IMAGE.json cpu [cuda]       commands and the quickstart, with folders mounted at /data and /lpnets/runs

IMAGE.json is what `buildah inspect` tells of the image. Each line "ok ..." is something seen; the first that is not seen is told, and
the exit code is 1.
"""

import contextlib
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path("/lpnets")
SERVER = "127.0.0.1:8888"
QUICKSTART = ROOT / "notebooks" / "00_quickstart.ipynb"
BUILD_CACHE = pathlib.Path.home() / ".cache" / "go-build"
CELLS_FILES = 5  # What three cells may add to it when all their packages are compiled: themselves.


def main():
    part, config, *plugins = sys.argv[1:]
    image = json.loads(pathlib.Path(config).read_text(encoding="utf-8"))["Docker"]["config"]
    os.environ["TINI_SUBREAPER"] = ""  # With `docker run` it is process 1, and content.
    check_confinement()
    {"server": try_server, "work": try_work}[part](image, *plugins)


def want(condition, seen, otherwise=""):
    """Prints what was seen, or ends the program, with what there is to say otherwise."""
    print(f"ok   {seen}" if condition else f"NOT  {seen}\n{otherwise}", flush=True)
    if not condition:
        sys.exit(1)


def check_confinement():
    want(os.getuid() != 0, f"the user is not root but {os.getuid()}:{os.getgid()}")
    interfaces = [name for _, name in socket.if_nameindex()]
    want(interfaces == ["lo"], f"no network; interfaces: {', '.join(interfaces)}")
    want(not os.access("/etc", os.W_OK) and not os.access("/usr/local/go", os.W_OK), "what is the system's cannot be written")


def run(image, *command, seconds=3600, **environment):
    """Runs a command as `docker run IMAGE COMMAND` does."""
    try:
        return subprocess.run([*image["Entrypoint"], *command], env=os.environ | environment, text=True, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        want(False, f"{' '.join(command)}: ends within {seconds} s")


# JupyterLab


def try_server(image):
    for setting in {"JUPYTER_TOKEN": ""}, {"JUPYTER_TOKEN": "short"}, {"JUPYTER_TOKEN_FILE": os.devnull}:
        refused = run(image, *image["Cmd"], seconds=30, **setting)
        want(refused.returncode != 0 and "want 16 or more" in refused.stderr, f"refuses to start with {setting}", refused.stdout + refused.stderr)
    want(not healthy(image), "without JupyterLab it is not healthy")
    with server(image) as token:
        want(len(token) >= 32, f"its token has {len(token)} characters")
        check_token(token)
        check_cells(token)
    want(not healthy(image), "SIGTERM ends it")
    given = secrets.token_hex(16)
    with server(image, given):
        check_token(given)


@contextlib.contextmanager
def server(image, given=None):
    """Starts JupyterLab, yields its token, and ends it by SIGTERM, as `docker stop` does."""
    log_path = pathlib.Path("/tmp/lab.log")
    with open(log_path, "wb") as log:
        process = subprocess.Popen([*image["Entrypoint"], *image["Cmd"]], stdout=log, stderr=log,
                                   env=os.environ | ({"JUPYTER_TOKEN": given} if given else {}))
    try:
        deadline, printed = time.monotonic() + 180, None
        while process.poll() is None and time.monotonic() < deadline and not (printed and healthy(image)):
            time.sleep(0.5)
            text = log_path.read_text(encoding="utf-8")
            printed = re.search(rf"http://{SERVER}/lab\?token=(\S+)", text)
        want(printed and healthy(image), "JupyterLab starts, says where, and is healthy", text)
        want(given is None or given not in text, "it does not print a token that it was given", text)
        yield given or printed[1]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    finally:
        process.kill()


def healthy(image):
    return subprocess.run(image["Healthcheck"]["Test"][1:], check=False, capture_output=True, timeout=10).returncode == 0


def ask(path, token=None, data=None):
    """Returns the status, the address after redirections, and the body of an answer of JupyterLab."""
    request = urllib.request.Request(f"http://{SERVER}{path}", data=data, headers={"Authorization": f"token {token}"} if token else {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, answer.geturl(), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.geturl(), error.read()


def check_token(token):
    for path in "/lab", "/api/kernelspecs", "/api/contents", "/files/go.mod":
        refused = [ask(path, wrong) for wrong in (None, "x" * len(token))]
        status, address, _ = ask(path, token)
        want(all(status == 403 or "/login" in address for status, address, _ in refused) and status == 200 and "/login" not in address,
             f"{path}: refused without the token and with a wrong one, answered with the right one")


def check_cells(token):
    """Executes the first cells of the quickstart in a kernel that JupyterLab starts: compiled, and run on XLA."""
    from jupyter_client import BlockingKernelClient

    status, _, body = ask("/api/kernels", token, json.dumps({"name": "gonb", "path": "notebooks/00_quickstart.ipynb"}).encode())
    want(status == 201, "JupyterLab starts a Go kernel")
    client = BlockingKernelClient(connection_file=str(ROOT / f".tools/jupyter/runtime/kernel-{json.loads(body)['id']}.json"))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    cells = [cell for cell in json.loads(QUICKSTART.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    before = len(list(BUILD_CACHE.rglob("*-d")))
    for number, cell in enumerate(cells[:3], 1):
        outputs, start = [], time.monotonic()
        reply = client.execute_interactive("".join(cell["source"]), timeout=600, output_hook=lambda message: outputs.append(message["content"]))
        text = "".join(content.get("text", "") for content in outputs).strip()
        want(reply["content"]["status"] == "ok", f"its cell {number}: {time.monotonic() - start:.1f} s {text}", reply["content"])
    want("top-1" in text, "which is an accuracy")
    added = len(list(BUILD_CACHE.rglob("*-d"))) - before
    want(added < CELLS_FILES, f"no package had to be compiled: {added} new files in Go's build cache")


# Commands and notebooks


def try_work(image, *plugins):
    listed = json.loads(run(image, "lpq", "backends", "--json").stdout)
    engines = {engine["name"]: engine for engine in listed["engines"]}
    for name in plugins:
        engine = engines[f"xla:{name}"]
        # A plugin for GPUs is there, and lacks but the driver, which the host lends.
        usable = engine.get("devices") or "no NVIDIA GPU at hand" in engine["problem"] and "no plugin" not in engine["problem"]
        want(usable, f"plugin xla:{name}: {engine.get('devices') or engine['problem']}")
    done = run(image, "lpq", "eval", "--model", "resnet8", "--weights", "builtin", "--data", "/data", "--json")
    want(done.returncode == 0 and json.loads(done.stdout)["images"] == 10000, f"lpq eval reads 10,000 images from /data", done.stdout + done.stderr)
    want(not os.access("/data", os.W_OK), "/data cannot be written")
    done = run(image, "python3", str(ROOT / "notebooks" / "run.py"), "--timeout=3000", str(QUICKSTART))
    want(done.returncode == 0, f"the quickstart: {done.stdout.strip()}", done.stderr)
    want(len(list((ROOT / "runs" / "quickstart").glob("*/final.safetensors"))) == 1, "the quickstart's results are in /lpnets/runs")


if __name__ == "__main__":
    main()
