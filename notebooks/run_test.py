"""Tests of run.py that need no kernel: python notebooks/run_test.py"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

import run

PNG = new_output("display_data", data={"image/png": "", "text/plain": ""})
TABLE = new_output("display_data", data={"text/html": "", "text/plain": ""})


def html(text):
    return new_output("display_data", data={"text/html": text, "text/plain": ""})


def notebook(*cells):
    return new_notebook(cells=[new_code_cell(source, outputs=outputs) for source, outputs in cells])


class Checks(unittest.TestCase):
    def test_calls(self):
        run.check_calls(notebook(("notebook.Show(a)\n// notebook.Show(b)", [PNG]), ("notebook.Table(c)", [TABLE])))
        run.check_calls(notebook(("for range 2 { notebook.Show(a) }", [PNG, PNG])))
        for cells in [("notebook.Show(a)", [TABLE])], [("notebook.Show(a); notebook.Show(b)", [PNG])], [("notebook.Table(a)", [])]:
            with self.subTest(cells), self.assertRaisesRegex(run.Failure, "but only"):
                run.check_calls(notebook(*cells))

    def test_tables(self):
        run.check_tables(notebook(("", [PNG, TABLE, html("<p>a</p>"), html("<table><tr><th>a</th></tr><tr><td>1</td></tr></table>")])))
        with self.assertRaisesRegex(run.Failure, "code cell 2 shows a table without rows"):
            run.check_tables(notebook(("", [PNG]), ("", [html("<table><tr><th>a</th></tr></table>")])))

    def test_kinds(self):
        run.check_kinds(notebook(("", [PNG]), ("", [])), notebook(("", [PNG]), ("", [])))
        run.check_kinds(notebook(("", [PNG])), notebook(("", [PNG, PNG])))  # How many does not count.
        with self.assertRaisesRegex(run.Failure, "not saved with its outputs"):
            run.check_kinds(notebook(("", [])), notebook(("", [PNG])))
        for fresh in [], [TABLE], [PNG, TABLE]:
            with self.subTest(fresh), self.assertRaisesRegex(run.Failure, "code cell 1 yields"):
                run.check_kinds(notebook(("", [PNG])), notebook(("", fresh)))


class Save(unittest.TestCase):
    def test_whole_or_not_at_all(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.ipynb"
            run.save(notebook(("1", [PNG])), path)
            first = path.read_text(encoding="utf-8")
            self.assertEqual(len(nbformat.read(path, as_version=4).cells), 1)
            with self.assertRaisesRegex(run.Failure, "a folder of this machine"):
                run.save(notebook(("2", [new_output("stream", text=f"{run.ROOT}/x.go:1")])), path)
            self.assertEqual(path.read_text(encoding="utf-8"), first)
            self.assertEqual(os.listdir(folder), ["a.ipynb"])


class GuardOfKernels(unittest.TestCase):
    def test_a_killed_program_leaves_no_kernel(self):
        program = ("import run, subprocess, time; guard = run.Guard();"
                   "kernel = subprocess.Popen(['sleep', '60'], start_new_session=True);"
                   "guard.watch(kernel.pid); print('ready', flush=True); time.sleep(60)")
        with subprocess.Popen([sys.executable, "-c", program], cwd=run.NOTEBOOKS, stdout=subprocess.PIPE, text=True) as child:
            self.assertEqual(child.stdout.readline(), "ready\n")
            child.send_signal(signal.SIGKILL)
            child.communicate(timeout=10)  # Ends when all that write to this pipe have ended, the kernel too.


if __name__ == "__main__":
    unittest.main()
