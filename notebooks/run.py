"""Executes the notebooks without a browser, and tells whether they still do what they show.

    run.py                       execute every notebook beside this file; files stay as they are
    run.py a.ipynb b.ipynb       execute these
    run.py --save [...]          execute and write the outputs into the files
    run.py --lab -- [options]    open JupyterLab on the repository, in the same environment

A notebook fails when a cell fails or takes longer than --timeout, when it shows fewer figures or tables than its
code asks for (notebook.Show, notebook.Table), or a table without rows, or when a cell no longer yields the kinds of
output (image/png, ...) that are saved with it. Exit code 0: all passed.

Everything comes from the folder that `make notebook-tools` fills: nothing outside of it is read or changed, and no
kernel outlives this program.
"""

import argparse
import collections
import json
import logging
import os
import pathlib
import re
import signal
import sys
import tempfile
import time

NOTEBOOKS = pathlib.Path(__file__).resolve().parent
ROOT = NOTEBOOKS.parent

# What a call in a cell must leave in the notebook.
CALLS = {r"\bnotebook\.Show\(": "image/png", r"\bnotebook\.Table\(": "text/html", r"\bnotebook\.Markdown\(": "text/markdown"}

# What tells converters how to colour the code; the kernel's own answer names its Go version as well.
LANGUAGE = {"name": "go", "file_extension": ".go", "mimetype": "text/x-go"}


class Failure(Exception):
    """A notebook that does not do what it should, told in a few lines."""


def main():
    args = parse_args()
    tools = pathlib.Path(args.tools).resolve()
    os.environ.update(environment(tools))
    for name in ("GOWORK", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH"):
        os.environ.pop(name, None)
    check_kernel(tools)
    if args.lab:
        lab = tools / "venv" / "bin" / "jupyter-lab"
        os.execv(lab, [str(lab), f"--notebook-dir={ROOT}", *args.notebooks])
    paths = [pathlib.Path(name).resolve() for name in args.notebooks] or sorted(NOTEBOOKS.glob("*.ipynb"))
    if not paths:
        sys.exit(f"{NOTEBOOKS}: there are no notebooks")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Also where a shell started this in the background.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # Else it tells of a cell that an interrupt stopped.
    guard = Guard()
    try:
        failed = [path.name for path in paths if not passes(path, args, guard)]
    except KeyboardInterrupt:
        sys.exit("interrupted")
    if failed:
        sys.exit(f"{len(failed)} of {len(paths)} notebooks failed: {', '.join(failed)}")


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", help="default: all beside this file (with --lab: options of JupyterLab)")
    parser.add_argument("--save", action="store_true", help="write the outputs into the files")
    parser.add_argument("--lab", action="store_true", help="open JupyterLab instead")
    parser.add_argument("--timeout", type=int, default=1800, help="seconds that a cell may take (default: %(default)s)")
    parser.add_argument("--tools", default=ROOT / ".tools", help="the folder that `make notebook-tools` fills")
    return parser.parse_args()


def environment(tools):
    """Returns what the kernel needs to find its programs, and to keep its files inside the tools folder."""
    goflags = os.environ.get("GOFLAGS", "").split()
    return {
        "PATH": f"{tools / 'bin'}{os.pathsep}{tools / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GOFLAGS": " ".join(flag for flag in goflags if not flag.startswith("-mod")),  # A workspace refuses -mod=mod.
        "JUPYTER_DATA_DIR": str(tools / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(tools / "jupyter" / "config"),
        "JUPYTER_RUNTIME_DIR": str(tools / "jupyter" / "runtime"),
        "IPYTHONDIR": str(tools / "jupyter" / "ipython"),
    }


def check_kernel(tools):
    """Ends the program unless the Go kernel is installed and its program is where the specification says."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        program = KernelSpecManager().get_kernel_spec("gonb").argv[0]
    except NoSuchKernel:
        sys.exit(f"{tools}: no Go kernel here; `make notebook-tools` installs it")
    if not os.access(program, os.X_OK):
        sys.exit(f"{program} is missing (was the repository moved?): remove {tools} and run `make notebook-tools`")


def passes(path, args, guard):
    """Executes one notebook, tells how it went, and returns whether all is well."""
    start, seconds = time.monotonic(), []
    try:
        executed = run_notebook(path, args, guard, seconds)
    except Failure as failure:
        print(f"FAIL {path.name}, after {time.monotonic() - start:.1f} s: {failure}", flush=True)
        return False
    images = sum("image/png" in kinds for cell in code_cells(executed) for kinds in cell_kinds(cell))
    cells = ", ".join(f"{second:.1f}" for second in seconds)
    print(f"ok   {path.name}: {time.monotonic() - start:.1f} s, {images} figures; seconds per cell: {cells}", flush=True)
    return True


def run_notebook(path, args, guard, seconds):
    """Returns the executed notebook, and writes it back with --save. Raises Failure."""
    import nbformat

    try:
        saved = nbformat.read(path, as_version=4)
        nbformat.validate(saved)
    except Exception as error:  # Whatever a broken file makes the reader raise.
        raise Failure(f"this is no valid notebook: {error}") from error
    fresh = nbformat.from_dict(saved)
    for cell in code_cells(fresh):
        cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("execution", None)
    execute(fresh, path.parent, args.timeout, guard, seconds)
    check_calls(fresh)
    check_tables(fresh)
    if args.save:
        save(fresh, path)
    else:
        check_kinds(saved, fresh)
    return fresh


def execute(notebook, folder, timeout, guard, seconds):
    """Fills the notebook with the outputs of a run in a folder, and `seconds` with the time of each code cell."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    with tempfile.TemporaryDirectory(prefix="notebook-") as scratch, open(f"{scratch}/kernel.log", "w+b") as log:
        client = NotebookClient(
            notebook, kernel_name="gonb", timeout=timeout, startup_timeout=60, coalesce_streams=True, record_timing=False,
            extra_arguments=["--raw_error"], resources={"metadata": {"path": str(folder)}},
        )
        number = 0
        try:
            client.create_kernel_manager()
            # The kernel's builds, pipes and caches go with the scratch folder.
            client.start_new_kernel(env=os.environ | {"TMPDIR": scratch}, stdout=log, stderr=log)
            guard.watch(client.km.provisioner.pgid)
            with client.setup_kernel():
                notebook.metadata["language_info"] = LANGUAGE
                for index, cell in enumerate(notebook.cells):
                    if cell.cell_type != "code":
                        continue
                    number, start = number + 1, time.monotonic()
                    client.execute_cell(cell, index, execution_count=number)
                    seconds.append(time.monotonic() - start)
        except CellTimeoutError as error:
            raise Failure(f"code cell {number} took longer than {timeout} s") from error
        except CellExecutionError as error:
            raise Failure(f"code cell {number} failed\n{error}") from error
        except (DeadKernelError, RuntimeError) as error:
            log.seek(0)
            raise Failure(f"the kernel died at code cell {number}: {error}\n{log.read()[-2000:].decode(errors='replace')}") from error
        finally:
            guard.kill()


class Guard:
    """Sees to it that no kernel outlives this program, however it ends, be it by SIGKILL.

    A process of its own waits for this one's end, then kills the process group it was last told of: a kernel and the
    cells that it runs.
    """

    def __init__(self):
        self.group = 0
        waiting, self.pipe = os.pipe()  # Kernels do not inherit it.
        if os.fork() == 0:
            os.setsid()  # Ctrl-C is for the others.
            os.close(self.pipe)
            with open(waiting, encoding="ascii") as pipe:
                groups = pipe.read().split()
            kill_group(int(groups[-1]) if groups else 0)
            os._exit(0)
        os.close(waiting)

    def watch(self, group):
        self.group = group
        os.write(self.pipe, b"%d\n" % group)

    def kill(self):
        """Kills what is left of the kernel, and forgets it."""
        kill_group(self.group)
        self.watch(0)


def kill_group(group):
    if group > 0:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:  # As it should be: it has ended by itself.
            pass


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def cell_kinds(cell):
    """Returns the mime types of each rich output of a cell."""
    return [sorted(output.data) for output in cell.outputs if "data" in output]


def check_calls(notebook):
    """Raises Failure if the notebook shows less than its code asks for."""
    code = "\n".join(re.sub(r"//.*", "", cell.source) for cell in code_cells(notebook))
    shown = collections.Counter(kind for cell in code_cells(notebook) for kinds in cell_kinds(cell) for kind in kinds)
    for call, kind in CALLS.items():
        wanted = len(re.findall(call, code))
        if shown[kind] < wanted:
            raise Failure(f"its code displays {wanted} outputs of type {kind}, but only {shown[kind]} arrived")


def check_tables(notebook):
    """Raises Failure if a table has no rows."""
    for number, cell in enumerate(code_cells(notebook), 1):
        for output in cell.outputs:
            table = "".join(output.get("data", {}).get("text/html", ""))
            if "<table" in table and "<td" not in table:
                raise Failure(f"code cell {number} shows a table without rows")


def check_kinds(saved, fresh):
    """Raises Failure if a cell no longer yields the kinds of output that are saved with it.

    How many of a kind does not count: a run that goes on from its checkpoint shows fewer lines of progress.
    """
    if not any(cell.outputs for cell in code_cells(saved)):
        raise Failure("it is not saved with its outputs: run `make notebooks-save`")
    for number, cells in enumerate(zip(code_cells(saved), code_cells(fresh)), 1):
        old, new = ({kind for kinds in cell_kinds(cell) for kind in kinds} for cell in cells)
        if old != new:
            raise Failure(f"code cell {number} yields {sorted(new)}, but {sorted(old)} is saved with it;"
                          " if that is meant, run `make notebooks-save`")


def save(notebook, path):
    """Replaces the file by the notebook, whole or not at all."""
    import nbformat

    outputs = json.dumps([cell.outputs for cell in code_cells(notebook)])
    for private in (str(ROOT), str(pathlib.Path.home())):
        if len(private) > 1 and private in outputs:
            raise Failure(f"not saved: its outputs name {private}, a folder of this machine")
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(nbformat.writes(notebook) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
