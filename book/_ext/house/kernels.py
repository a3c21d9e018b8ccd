"""Kernels that start warm: each is a copy of one process, which has loaded torch and made a graph (house/warm.py).

A kernel of its own would spend a dozen seconds on that in every chapter.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from importlib.metadata import EntryPoint
from multiprocessing import forkserver
from pathlib import Path
from unittest.mock import patch

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

NAME = "warm"
WARM = "house.warm"
CONTEXT = multiprocessing.get_context("forkserver")


class Warm(LocalProvisioner):
    """Starts a kernel as a copy of the warm process, where Jupyter would start another interpreter."""

    async def launch_kernel(self, cmd, *, env, cwd, **options):
        connection = cmd[cmd.index("-f") + 1]
        self.process = CONTEXT.Process(target=_kernel, args=(connection, env, cwd))
        self.process.start()
        self.pid = self.pgid = self.process.pid
        self.cwd = cwd
        return self.connection_info

    async def poll(self):
        return self.process.exitcode if self.process else 0

    async def wait(self):
        while (status := await self.poll()) is None:
            await asyncio.sleep(0.1)
        self.process = None
        return status


def _kernel(connection: str, env: dict[str, str], cwd: str):
    if WARM not in sys.modules:  # multiprocessing passes over a module that cannot be imported
        raise ImportError(f"{WARM} could not be imported by the process whose copies kernels are")
    os.setsid()  # a group of its own, which receives the kernel's signals
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The kernel ends with its parent, which is the warm process.
    os.environ.clear()
    os.environ |= env | {"JPY_PARENT_PID": str(os.getppid())}
    os.chdir(cwd)
    sys.argv = ["ipykernel_launcher", "-f", connection]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


def start():
    """From now on, kernels of this process are warm ones."""
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, "house.kernels:Warm", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
    CONTEXT.set_forkserver_preload([WARM])
    # The warm process looks for modules in PYTHONPATH, not where this one has learnt to look.
    with patch.dict(os.environ, PYTHONPATH=str(Path(__file__).parents[1])):
        forkserver.ensure_running()
